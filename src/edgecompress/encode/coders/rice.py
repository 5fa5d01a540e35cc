"""Rice codes (Golomb-Rice): the low ``k`` bits of each number plain, what is above them as that many zeros and a one.

R. F. Rice, "Some practical universal noiseless coding techniques", JPL 79-22, 1979. The optimal prefix code of a
geometric distribution is a Golomb code (Gallager & van Voorhis, IEEE Trans. Inf. Theory 21(2), 1975), and the gaps
between weights that are pruned independently are geometric: at 90 % zeros, k = 3 is 1.4 % above their entropy. With
k = 0 the ones and zeros are the mask of the tensor itself.

The zeros and ones are packed by the group, those of all Rice codes as one sequence, which one decoder reads. Low bits
are stored inverted: then the sum of the numbers up to one is 2**k times its place among the zeros and ones, less the
sum of what is stored, with nothing left to add.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.bits import Bytes, Numbers, PackedBits
from edgecompress.encode.blocks import blocks

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rice:
    """``unary``, uint8: for each number, its upper part in zeros, then a one.

    ``low``: the ``k`` low bits of each number, inverted; none if k is 0.
    """

    unary: Bytes
    low: PackedBits | None
    count: int

    @property
    def k(self) -> int:
        """Bits of the low part."""
        return self.low.bits if self.low else 0

    @property
    def size(self) -> int:
        """Bytes of the low bits; the zeros and ones are packed with those of others."""
        return self.low.size if self.low else 0


def size(count: int, k: int) -> int:
    """Bytes of the low bits of ``count`` numbers."""
    return bits.size(count, k) if k else 0


def encode(numbers: Numbers, k: int) -> Rice:
    """``numbers``, none negative, with ``k`` low bits, 0 to 8."""
    lengths = [int(np.sum(numbers[place] >> k)) + len(numbers[place]) for place in blocks(len(numbers))]
    unary = np.zeros(sum(lengths), np.uint8)
    start = 0
    for place, length in zip(blocks(len(numbers)), lengths, strict=True):
        unary[start + np.cumsum((numbers[place] >> k) + 1) - 1] = 1
        start += length
    low = bits.pack((~numbers & ((1 << k) - 1)).astype(np.uint8), k) if k else None
    return Rice(unary, low, len(numbers))


def decode(code: Rice) -> Integers:
    """The numbers."""
    ends = np.flatnonzero(code.unary)
    numbers: Integers = (np.diff(ends, prepend=-1) - 1).astype(np.int64) << code.k
    if code.low:
        numbers += (1 << code.k) - 1 - bits.unpack(code.low).astype(np.int64)
    return numbers
