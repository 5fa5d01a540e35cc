"""float32 values as a scale each, of which there are few, and 24 bits of fraction that hold no redundancy.

Biases and the parameters of normalisations are of a few magnitudes: of the upper byte of a float32, sign and seven bits
of the exponent, two or three bits are information. The lowest bit of the exponent stays with the fraction, which
fills three bytes then. A decoder makes a number of the three bytes and multiplies it by the scale, exactly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode.weights import Floats, Patterns

_SCALE = 0xFF000000
"""As bits, plus or minus 2**(2 E - 127), E being the upper seven bits of the exponent; 0.0 for zeros."""


@dataclass(frozen=True, eq=False)
class Fractions:
    """The lower 24 bits of ``count`` values: ``middle`` uint8 [count], ``low`` uint16 [count]."""

    middle: npt.NDArray[np.uint8]
    low: npt.NDArray[np.uint16]

    @property
    def size(self) -> int:
        """Bytes of the fractions."""
        return size(len(self.low))


def size(count: int) -> int:
    """Bytes of the fractions of ``count`` values."""
    return 3 * count


def fits(patterns: Patterns) -> bool:
    """Return whether all values are zeros, or finite numbers whose scale is no denormal: those from 2**-125 on."""
    magnitudes = patterns & 0x7FFFFFFF
    good = (magnitudes == 0) | ((magnitudes >= 1 << 24) & (magnitudes < 0xFF << 23))
    return bool(good.all())


def scales(patterns: Patterns) -> Patterns:
    """The scale of each value, as bits."""
    found: Patterns = patterns & np.uint32(_SCALE)
    return found


def fractions(patterns: Patterns) -> Fractions:
    """The fractions that are left without the scales."""
    return Fractions((patterns >> 16).astype(np.uint8), patterns.astype(np.uint16))


def join(scale: Floats, found: Fractions) -> Floats:
    """The values.

    Let n be the 24 bits as a fixed-point number below 2, their highest bit e, the lowest of the exponent, and m the
    others, a number below 1. The value without its scale is 1 + m for e = 0, which is 1 + n, and 2 (1 + m) for e = 1,
    which is 2 n. In both cases it is the larger of the two.
    """
    number = found.middle * np.float32(2**-7) + found.low * np.float32(2**-23)
    values: Floats = np.maximum(number + np.float32(1), number + number) * scale
    return values
