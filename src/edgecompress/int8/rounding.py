"""Check int8 weights: each is the nearest step to its float32 weight, so that a zero stays a zero."""

import numpy as np
import numpy.typing as npt

from edgecompress.errors import CheckError
from edgecompress.int8.calibration import Floats

Integers = npt.NDArray[np.signedinteger]

_HALF_A_STEP = 0.5 + 1e-3  # the scale is rounded to float32, and so is the quotient


def check_rounding(name: str, integers: Integers, scales: Floats, axis: int, weight: Floats) -> None:
    """Compare int8 weights with the float32 ones they stand for.

    Args:
        name: Of the weight, for an error.
        integers: int8, of any shape; the zero point is 0.
        scales: float32, one number, or one for each index along ``axis``.
        axis: The dimension of the output channels.
        weight: float32, of the shape of ``integers``.

    Raises:
        CheckError: shapes differ, a zero became another number, or a weight is more than half a step away.
    """
    if integers.dtype != np.int8 or integers.shape != weight.shape:
        raise CheckError(
            f"int8 weight '{name}' is {integers.dtype} {integers.shape}, expected int8 {weight.shape}; please report "
            "this network"
        )
    per_channel = scales.reshape([-1 if dimension == axis else 1 for dimension in range(weight.ndim)])
    steps = weight / (per_channel if scales.size > 1 else scales.reshape(()))
    if np.any(integers[weight == 0]):
        raise CheckError(f"int8 weight '{name}' is not zero where the network's is; please report this network")
    if np.abs(integers - steps).max(initial=0) > _HALF_A_STEP:
        raise CheckError(f"int8 weight '{name}' is more than half a step off; please report this network")
