"""Rice codes (Golomb-Rice): the low ``k`` bits of each number plain, what is above them as that many zeros and a one.

R. F. Rice, "Some practical universal noiseless coding techniques", JPL 79-22, 1979. The optimal prefix code of a
geometric distribution is a Golomb code (Gallager & van Voorhis, IEEE Trans. Inf. Theory 21(2), 1975), and the gaps
between weights that are pruned independently are geometric: at 90 % zeros, k = 3 is 1.4 % above their entropy. With
k = 0 the ones and zeros are the mask of the tensor itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.bits import Packed

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rice:
    """``unary``: for each number, its upper part in zeros, then a one. ``low``: the ``k`` low bits; none if k is 0."""

    unary: Packed
    low: Packed | None
    count: int

    @property
    def k(self) -> int:
        """Bits of the low part."""
        return self.low.bits if self.low else 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.unary.size + (self.low.size if self.low else 0)


def size(count: int, upper: int, k: int) -> int:
    """Bytes of ``count`` numbers whose upper parts sum to ``upper``."""
    return bits.size(count + upper, 1) + (bits.size(count, k) if k else 0)


def encode(numbers: Integers, k: int) -> Rice:
    """``numbers``, none negative, with ``k`` low bits, 0 to 8."""
    ends = np.cumsum((numbers >> k) + 1)
    unary = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    unary[ends - 1] = 1
    low = bits.pack(numbers & ((1 << k) - 1), k) if k else None
    return Rice(bits.pack(unary, 1), low, len(numbers))


def decode(code: Rice) -> Integers:
    """The numbers."""
    ends = np.flatnonzero(bits.unpack(code.unary))
    numbers: Integers = (np.diff(ends, prepend=-1) - 1).astype(np.int64) << code.k
    if code.low:
        numbers += bits.unpack(code.low)
    return numbers
