"""The run of zeros before each nonzero as a code of few bits; the values follow as packed indices or plain.

Relative indexing as in Han et al., Deep Compression (ICLR 2016), section 2, with an escape code in place of filler
zeros: a code g below E = 2**gap_bits - 1 says "g zeros, then a nonzero"; the code E says "E zeros" and no nonzero, so
an escape costs no index. Zeros after the last nonzero are not coded. For high sparsity: 4 bits suit about 90 % zeros.
"""

import math

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits, nonzeros
from edgecompress.encode.contract import Encoded, NotApplied, Plan
from edgecompress.encode.weights import Floats, Indices, Weights

WIDTHS = range(2, 9)


def plans(weights: Weights) -> list[Plan] | NotApplied:
    """``gap_bits`` 2 to 8 with each ``index_bits``: arrays codes uint8 [groups, bytes] and those of ``nonzeros``."""
    if reason := nonzeros.why_not(weights):
        return NotApplied(reason)
    gaps = _gaps(weights)
    values = nonzeros.layouts(weights)
    return [
        Plan(
            "gaps",
            weights.array.shape,
            {"gap_bits": gap_bits, "index_bits": index_bits, "nonzeros": len(gaps)},
            {"codes": bits.layout(_code_count(gaps, gap_bits), gap_bits), **arrays},
        )
        for gap_bits in WIDTHS
        for index_bits, arrays in values
    ]


def encode(weights: Weights, plan: Plan) -> Encoded:
    """Gap codes and nonzero values. The last group of codes is filled with escapes, which mean nothing there."""
    gap_bits = plan.options["gap_bits"]
    codes = bits.pack(_codes(_gaps(weights), gap_bits), gap_bits, fill=escape(gap_bits))
    values = nonzeros.store(weights, plan.options["index_bits"])
    return Encoded(plan.encoding, plan.shape, plan.options, {"codes": codes, **values})


def decode(encoded: Encoded) -> Floats:
    """Zeros, with each stored value where the running sum of the codes puts it."""
    gap_bits = encoded.options["gap_bits"]
    codes = bits.unpack(encoded.arrays["codes"].view(np.uint8), gap_bits).astype(np.int64)
    emits = codes < escape(gap_bits)
    positions = (np.cumsum(codes + emits) - 1)[emits]
    decoded = np.zeros(math.prod(encoded.shape), np.float32)
    decoded[positions] = nonzeros.restore(encoded.arrays, encoded.options["index_bits"], len(positions))
    return decoded.reshape(encoded.shape)


def escape(gap_bits: int) -> int:
    """The code that stands for as many zeros as its value, and for no nonzero."""
    return int(2**gap_bits - 1)


def _gaps(weights: Weights) -> npt.NDArray[np.intp]:
    """The number of zeros before each nonzero."""
    return np.diff(weights.positions, prepend=-1) - 1


def _code_count(gaps: npt.NDArray[np.intp], gap_bits: int) -> int:
    return len(gaps) + int(np.sum(gaps // escape(gap_bits)))


def _codes(gaps: npt.NDArray[np.intp], gap_bits: int) -> Indices:
    escapes, rest = np.divmod(gaps, escape(gap_bits))
    codes = np.full(len(gaps) + int(escapes.sum()), escape(gap_bits), np.uint8)
    codes[np.cumsum(escapes + 1) - 1] = rest
    return codes
