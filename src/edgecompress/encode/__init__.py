"""Arrays to bytes and back, with NumPy alone: what a tensor costs in each encoding, and the smallest that holds it."""
