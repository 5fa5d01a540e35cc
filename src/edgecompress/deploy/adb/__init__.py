"""The parts of the adb transport: the client's calls, the choice of a device, and scripts for its shell."""
