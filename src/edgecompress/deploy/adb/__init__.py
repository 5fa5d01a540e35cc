"""What the adb transport is made of: the client's calls, the choice of a device, and scripts for its shell."""
