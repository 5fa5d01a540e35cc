"""The sections of a report: one file each, one function of its name, from records to figures, or none."""
