"""The statistics of times that were taken in turn: one ratio of latencies, and one interval. NumPy only."""
