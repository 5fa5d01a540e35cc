"""Calibration: the inputs from which a quantiser learns the range of every activation."""

import numpy as np
import numpy.typing as npt

from edgecompress.errors import InputError, NoInt8Error

Floats = npt.NDArray[np.float32]

SEED = 20220


def calibration(x: Floats, samples: int) -> Floats:
    """``samples`` rows of ``x``, float32 (N, channels, ...), or all where it has fewer; the same rows in every run.

    ``RandomState`` is used on purpose: NumPy promises never to change its streams.

    Raises:
        InputError: there is no row, or a chosen one holds NaN or infinity.
    """
    if not len(x):
        raise NoInt8Error("there are no training inputs to calibrate int8 with; give some")
    chosen = np.random.RandomState(SEED).permutation(len(x))[:samples]
    rows = np.ascontiguousarray(x[chosen], dtype=np.float32)
    if not np.isfinite(rows).all():
        raise InputError(
            "training inputs are NaN or infinite, and int8 cannot be calibrated with them; repair the data"
        )
    return rows
