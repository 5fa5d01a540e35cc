"""Model files run in processes of their own: one that kills its runtime must not take the caller with it."""
