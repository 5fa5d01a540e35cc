"""Clustering algorithms, one a file. See ``contract.py``; ``cluster/centroids.py`` finds and calls them."""
