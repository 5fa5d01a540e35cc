"""One bit an element says whether it is +0.0; the others follow as packed indices or plain values.

For medium sparsity, about half zeros: the mask costs one bit an element whatever the sparsity.
"""

import math

import numpy as np

from edgecompress.encode import bits, nonzeros
from edgecompress.encode.contract import Encoded, NotApplied, Plan
from edgecompress.encode.weights import Floats, Weights


def plans(weights: Weights) -> list[Plan] | NotApplied:
    """``index_bits`` of the nonzeros: arrays mask uint8 [bytes, 1] and those of ``nonzeros``."""
    if reason := nonzeros.why_not(weights):
        return NotApplied(reason)
    mask = bits.layout(weights.array.size, 1)
    return [
        Plan(
            "bitmask",
            weights.array.shape,
            {"index_bits": index_bits, "nonzeros": len(weights.positions)},
            {"mask": mask, **values},
        )
        for index_bits, values in nonzeros.layouts(weights)
    ]


def encode(weights: Weights, plan: Plan) -> Encoded:
    """Mask and nonzero values."""
    mask = bits.pack((weights.patterns != 0).astype(np.uint8), 1)
    values = nonzeros.store(weights, plan.options["index_bits"])
    return Encoded(plan.encoding, plan.shape, plan.options, {"mask": mask, **values})


def decode(encoded: Encoded) -> Floats:
    """Zeros, with the stored values where the mask is set."""
    decoded = np.zeros(math.prod(encoded.shape), np.float32)
    mask = bits.unpack(encoded.arrays["mask"].view(np.uint8), 1)[: decoded.size].astype(bool)
    decoded[mask] = nonzeros.restore(encoded.arrays, encoded.options["index_bits"], int(mask.sum()))
    return decoded.reshape(encoded.shape)
