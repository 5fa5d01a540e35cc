"""Numbers in codes of ``b`` bits with an escape: E = 2**b - 1 means "add E, go on with the next code".

Relative indexing as in Han et al., "Deep Compression", ICLR 2016, section 2, with an escape where they insert filler
zeros, so that it costs no index. For gaps that are spread evenly up to a bound, as where one of every N weights is
kept: 1:4 takes 3 bits a nonzero, a Rice code 3.25. A long gap costs more than in a Rice code.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode import bits
from edgecompress.encode.bits import Numbers, PackedBits

Integers = npt.NDArray[np.int64]

WIDTHS = range(2, 9)


@dataclass(frozen=True, eq=False)
class Escape:
    """``codes``: a number is the sum of the escapes before a code that is none, and that code. ``count`` numbers."""

    codes: PackedBits
    count: int

    @property
    def escape(self) -> int:
        """The code that goes on; those that fill the last bytes are escapes too."""
        return escape(self.codes.bits)

    @property
    def size(self) -> int:
        """Bytes of the codes."""
        return self.codes.size


def escape(width: int) -> int:
    """The escape of codes of ``width`` bits."""
    return int(2**width - 1)


def size(count: int, escapes: int, width: int) -> int:
    """Bytes of ``count`` numbers that need ``escapes`` escapes in all."""
    return bits.size(count + escapes, width)


def encode(numbers: Numbers, width: int) -> Escape:
    """``numbers``, none negative, in codes of ``width`` bits, 2 to 8."""
    more, rest = np.divmod(numbers, escape(width))
    codes = np.full(len(numbers) + int(more.sum()), escape(width), np.uint8)
    codes[np.cumsum(more + 1) - 1] = rest
    return Escape(bits.pack(codes, width, fill=escape(width)), len(numbers))


def decode(code: Escape) -> Integers:
    """The numbers."""
    codes = bits.unpack(code.codes).astype(np.int64)
    ends = np.cumsum(codes)[codes < code.escape]
    numbers: Integers = np.diff(ends, prepend=0)
    return numbers
