"""Sparsity schedules: each takes the progress of the ramp, 0 to 1, and returns the fraction of the final sparsity."""
