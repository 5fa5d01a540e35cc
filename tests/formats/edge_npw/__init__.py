"""A format of another package: the weights of a chain of linear layers, run by NumPy."""
