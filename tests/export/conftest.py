"""The networks of the formats' tests."""

from ..formats.conftest import network, run, samples, taken, weights

__all__ = ["network", "run", "samples", "taken", "weights"]
