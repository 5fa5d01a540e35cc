"""Standardisation of each channel: statistics of the training set, applied to every part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4096


def statistics(x: NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of ``x`` (N, C, ...), both (C,), in the units of ``x``."""
    means, deviations = [], []
    for channel in np.moveaxis(x, 1, 0):
        if channel.dtype == np.uint8:
            # A histogram is exact and needs no second copy of the images.
            counts = sum(
                np.bincount(part.reshape(-1), minlength=256) for part in np.split(channel, _cuts(len(channel)))
            )
            mean = float(counts @ np.arange(256) / channel.size)
            variance = float(counts @ (np.arange(256) - mean) ** 2 / channel.size)
        else:
            mean, variance = float(channel.mean(dtype=np.float64)), float(channel.var(dtype=np.float64))
        means.append(mean)
        deviations.append(variance**0.5 or 1.0)  # a constant channel becomes zeros
    return tuple(means), tuple(deviations)


def standardised(
    x: NDArray[Any], rows: NDArray[np.intp], mean: tuple[float, ...], std: tuple[float, ...]
) -> NDArray[np.float32]:
    """``(x[rows] - mean) / std`` for each channel of ``x`` (N, C, ...), C-contiguous."""
    shape = (-1,) + (1,) * (x.ndim - 2)
    result = np.empty((len(rows), *x.shape[1:]), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = x[rows[start : start + _BLOCK]].astype(np.float32)
        part -= np.array(mean, dtype=np.float32).reshape(shape)
        part /= np.array(std, dtype=np.float32).reshape(shape)
        result[start : start + _BLOCK] = part
    return result


def _cuts(count: int) -> NDArray[np.intp]:
    return np.arange(_BLOCK, count, _BLOCK)
