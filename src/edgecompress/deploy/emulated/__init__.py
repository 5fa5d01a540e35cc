"""Emulated processors: qemu's user mode as a device that gives right outputs and counts instructions, and no times."""
