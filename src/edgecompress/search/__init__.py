"""Sparsity and bits of each layer: a scan of what each can bear, and a search for the smallest file that holds."""
