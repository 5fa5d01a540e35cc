"""Sharing weights: algorithms find the centroids of a layer, shared.py holds and trains them."""
