"""Scales with which the int8 weights of a clustered layer are its palette: the same few integers in every channel.

A quantiser gives each output channel a scale of its own largest weight. The few values that a layer's weights share
then become other integers in each channel, some thousand in all, and what the clustering saved in bytes is lost. Here
the layer has one step, and a channel's scale is that step times what folding multiplied the channel by
(BatchNormalization, equalisation). A weight's integer follows from the value that it shares, and from nothing else.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgecompress.int8.calibration import Floats

Int8 = npt.NDArray[np.int8]

MOST = 256
"""Distinct values of a layer that is clustered; one with more, or with hardly fewer than it has weights, is not."""
COARSEST = 1 / 32
"""Root mean square of what rounding to the layer's step may take off a channel, as a part of the channel's own. The
channels of a depthwise layer differ by more than one step can serve."""
_SAME = 1e-4
"""Of a channel's largest weight: what folding in float32 can move another one by."""


class Quantized(NamedTuple):
    """A layer's weights as integers and scales, one scale an output channel."""

    integers: Int8
    scales: Floats


def on_palette(quantized: Quantized, weight: Floats, clustered: Floats, axis: int, largest: int) -> Quantized | None:
    """``quantized`` with its channels on the layer's palette; ``None``: the layer is not clustered.

    The step is the one, of those that bring the largest value to between half of ``largest`` and all of it, with which
    the least squared error is left. A channel that it is too coarse for stays as the quantiser made it.

    Args:
        quantized: What the quantiser made of ``weight``.
        weight: What the file is to hold: ``clustered`` with each output channel multiplied by a number, of any shape.
        clustered: The weights as they were clustered, of the same shape.
        axis: The dimension of the output channels.
        largest: The largest magnitude of an integer.
    """
    values, counts = np.unique(clustered, return_counts=True)
    few = len(values) <= min(MOST, int(np.count_nonzero(clustered)) // 2)
    if not few or quantized.scales.size != weight.shape[axis]:
        return None
    factors = _factors(weight, clustered, axis)
    if factors is None:
        return None
    step = _step(values.astype(np.float64), counts, largest)
    whole = np.rint(clustered / step)
    others = _others(weight, axis)
    off = np.square(clustered - whole * step).sum(axis=others, keepdims=True)
    energy = np.square(clustered, dtype=np.float64).sum(axis=others, keepdims=True)
    taken = (factors != 0) & (off <= COARSEST**2 * energy)
    integers = np.where(taken, whole * np.sign(factors), quantized.integers)
    scales = np.where(taken, np.abs(factors) * step, quantized.scales.reshape(taken.shape))
    return Quantized(integers.astype(np.int8), scales.reshape(quantized.scales.shape).astype(np.float32))


def _factors(weight: Floats, clustered: Floats, axis: int) -> npt.NDArray[np.float64] | None:
    """The number that each channel was multiplied by, to broadcast; 0 for zeros. ``None``: there is not one each."""
    others = _others(weight, axis)
    before, after = clustered.astype(np.float64), weight.astype(np.float64)
    squares = np.square(before).sum(axis=others, keepdims=True)
    products = (before * after).sum(axis=others, keepdims=True)
    factors: npt.NDArray[np.float64] = np.divide(products, squares, out=np.zeros_like(squares), where=squares > 0)
    off = np.abs(after - before * factors)
    allowed = _SAME * np.abs(after).max(axis=others, keepdims=True)
    return None if (off > allowed).any() else factors


def _others(weight: Floats, axis: int) -> tuple[int, ...]:
    return tuple(dimension for dimension in range(weight.ndim) if dimension != axis % weight.ndim)


def _step(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], largest: int) -> float:
    """The step of least squared error, of those with which the largest magnitude is a whole number of steps."""
    most = np.abs(values).max()
    steps = most / np.arange(largest, largest // 2, -1)
    errors = [np.dot(counts, np.square(values - step * np.rint(values / step))) for step in steps]
    return float(steps[int(np.argmin(errors))])
