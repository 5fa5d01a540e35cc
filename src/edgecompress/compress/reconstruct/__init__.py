"""Pruning and clustering without training: each layer's outputs are reconstructed on a few hundred inputs."""
