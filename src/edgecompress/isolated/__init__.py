"""What runs a model file in a process of its own: a file that kills its runtime must not take the caller with it."""
