"""Every element as a packed index into a codebook; zero is a value like the others.

Weight sharing as in Han et al., Deep Compression (ICLR 2016), section 3. For tensors that are clustered and
hardly pruned.
"""

import math

import numpy as np

from edgecompress.encode import bits
from edgecompress.encode.contract import Encoded, Layout, NotApplied, Plan
from edgecompress.encode.weights import MOST_DISTINCT, Floats, Weights


def plans(weights: Weights) -> list[Plan] | NotApplied:
    """``index_bits`` from the least that suffices: arrays codebook float32 [k], indices uint8 [groups, bytes]."""
    if weights.array.size == 0:
        return NotApplied("it is empty")
    palette = weights.palette
    if palette is None:
        return NotApplied(f"it has more than {MOST_DISTINCT} distinct values")
    codebook = Layout("float32", palette.codebook.shape)
    return [
        Plan(
            "palette",
            weights.array.shape,
            {"index_bits": width},
            {"codebook": codebook, "indices": bits.layout(weights.array.size, width)},
        )
        for width in bits.widths(palette.index_bits)
    ]


def encode(weights: Weights, plan: Plan) -> Encoded:
    """Codebook and packed indices."""
    palette = weights.palette
    assert palette is not None
    indices = bits.pack(palette.indices, plan.options["index_bits"])
    return Encoded(plan.encoding, plan.shape, plan.options, {"codebook": palette.codebook, "indices": indices})


def decode(encoded: Encoded) -> Floats:
    """``codebook[indices]`` in the tensor's shape."""
    indices = bits.unpack(encoded.arrays["indices"].view(np.uint8), encoded.options["index_bits"])
    codebook = encoded.arrays["codebook"].view(np.float32)
    return codebook[indices[: math.prod(encoded.shape)]].reshape(encoded.shape)
