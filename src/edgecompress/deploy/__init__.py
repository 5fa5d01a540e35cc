"""Getting files to a device and running the agent there."""
