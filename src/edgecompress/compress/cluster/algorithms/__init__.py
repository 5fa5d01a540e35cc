"""Clustering algorithms: each takes one-dimensional values and a count, and returns that many centroids or fewer."""
