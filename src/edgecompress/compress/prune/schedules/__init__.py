"""Sparsity schedules: each takes the progress of the ramp, 0 to 1, and the final sparsity, and returns that of now."""
