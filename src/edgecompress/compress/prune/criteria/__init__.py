"""Pruning criteria: each takes a weight tensor and returns a score of its shape; the lowest scores go first."""
