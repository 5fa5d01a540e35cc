"""The array as it is: what every tensor can fall back on."""

import numpy as np

from edgecompress.encode.contract import Encoded, Layout, Plan
from edgecompress.encode.weights import Floats, Weights


def plans(weights: Weights) -> list[Plan]:
    """The one way; it always applies."""
    shape = weights.array.shape
    return [Plan("raw", shape, {}, {"values": Layout("float32", shape)})]


def encode(weights: Weights, plan: Plan) -> Encoded:
    """The array itself, not copied."""
    return Encoded(plan.encoding, plan.shape, plan.options, {"values": weights.array})


def decode(encoded: Encoded) -> Floats:
    """The array itself."""
    return encoded.arrays["values"].view(np.float32)
