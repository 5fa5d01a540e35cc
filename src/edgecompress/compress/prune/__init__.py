"""Setting weights to zero: criteria say which weights matter least, schedules when how many go, masks hold them."""
