"""How a sparse encoding stores the values of its nonzeros: as packed indices into a codebook, or plain."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.contract import Layout
from edgecompress.encode.weights import Floats, Weights

PLAIN = 32
"""The ``index_bits`` of values stored as float32 themselves, for a tensor that is pruned but not clustered."""


def why_not(weights: Weights) -> str | None:
    """Why a sparse encoding does not apply to ``weights``; ``None`` if it does."""
    if weights.array.size == 0:
        return "it is empty"
    if len(weights.positions) == 0:
        return "it has no nonzero element"
    if len(weights.positions) == weights.array.size:
        return "it has no zero element"
    return None


def layouts(weights: Weights) -> list[tuple[int, dict[str, Layout]]]:
    """For each ``index_bits`` worth considering: the arrays that hold the nonzero values."""
    count = len(weights.positions)
    plain: list[tuple[int, dict[str, Layout]]] = [(PLAIN, {"values": Layout("float32", (count,))})]
    palette = weights.nonzero_palette
    if palette is None:
        return plain
    codebook = Layout("float32", palette.codebook.shape)
    widths = bits.widths(palette.index_bits)
    return plain + [(width, {"codebook": codebook, "indices": bits.layout(count, width)}) for width in widths]


def store(weights: Weights, index_bits: int) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays that hold the nonzero values."""
    if index_bits == PLAIN:
        return {"values": weights.nonzeros}
    palette = weights.nonzero_palette
    assert palette is not None
    return {"codebook": palette.codebook, "indices": bits.pack(palette.indices, index_bits)}


def restore(arrays: Mapping[str, npt.NDArray[np.generic]], index_bits: int, count: int) -> Floats:
    """The ``count`` nonzero values, in the order of their positions."""
    if index_bits == PLAIN:
        return arrays["values"].view(np.float32)
    indices = bits.unpack(arrays["indices"].view(np.uint8), index_bits)[:count]
    return arrays["codebook"].view(np.float32)[indices]
