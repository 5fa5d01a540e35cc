"""float32 weights rounded to float16, without new zeros."""

import numpy as np
import numpy.typing as npt

from edgecompress.encode import chunks

SMALLEST_FLOAT16 = np.float16(2.0**-24)


def to_float16(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """``array`` rounded to float16: by at most 2**-11 of a value, 2**-25 below 2**-14.

    What would round to zero becomes the smallest float16 of its sign, 2**-24: an error below 2**-24 changes no output
    that anyone could measure, and the zeros of the network stay exactly those that pruning made.
    """
    half = np.empty(array.shape, np.float16)
    for place in chunks.places(array.shape):
        block, rounded = array[place], half[place]
        with np.errstate(over="ignore", under="ignore"):
            rounded[...] = block
        vanished = (rounded == 0) & (block != 0)
        rounded[vanished] = np.copysign(SMALLEST_FLOAT16, block[vanished])
    return half
