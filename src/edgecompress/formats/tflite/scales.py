"""The scales behind int8 weights: found again in float32 weights that another tool quantised, or made by rounding.

A runtime makes float32 of int8 by one float32 product, scale * integer. Weights that were quantised and dequantised by
any tool that works so are such products, all of them, so the integers and the scale can be found again exactly.
Scales with a zero point are left out: LiteRT 2.3 does not compute them bit by bit like (integer - zero point) * scale.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgecompress.encode import chunks
from edgecompress.formats.tflite.graph import FloatArray

Int8Array = npt.NDArray[np.int8]

LARGEST = 127
# What two roundings to float32, that of a value and that of the largest one, can move the ratio of both by.
_SLACK = 2.0**-22
_SAMPLE = 4096


@dataclass(frozen=True, eq=False)
class Scales:
    """float32 scales: ``values`` of shape (1,) for a whole tensor, or (channels,) along its dimension ``axis``."""

    values: FloatArray
    axis: int = 0

    def times(self, integers: npt.NDArray[np.generic]) -> FloatArray:
        """``integers`` as a runtime dequantises them: float32, in their shape."""
        factors, product = self.over(integers.shape), np.empty(integers.shape, np.float32)
        for place in chunks.places(integers.shape):
            product[place] = integers[place].astype(np.float32) * factors[place]
        return product

    def over(self, shape: tuple[int, ...]) -> FloatArray:
        """The scale of each element of an array of ``shape``; it takes the memory of the scales alone."""
        shaped = self.values if len(self.values) == 1 else _along(self.values, self.axis, len(shape))
        return np.broadcast_to(shaped, shape)


def find(array: FloatArray, axis: int | None) -> tuple[Int8Array, Scales] | None:
    """The int8 array and the scales whose product is ``array`` (any shape) bit by bit; None where there are none.

    One scale for the whole tensor is tried first, then, unless ``axis`` is None, one for each channel along it. A
    channel of zeros has the scale 1. -0.0, NaN and infinity are no products of an integer and a scale.
    """
    if not array.size or chunks.not_finite(array) or chunks.has_negative_zero(array):
        return None
    whole = _scale_of(array)
    if whole is not None:
        return _if_exact(array, Scales(np.array([whole], np.float32)))
    if axis is None:
        return None
    scales = []
    for channel in np.moveaxis(array, axis, 0):
        scale = _scale_of(channel)
        if scale is None:
            return None
        scales.append(scale)
    return _if_exact(array, Scales(np.array(scales, np.float32), axis))


def quantize(array: FloatArray, axis: int) -> tuple[Int8Array, Scales]:
    """``array`` (finite) rounded to symmetric int8 with a scale a channel along ``axis``: its largest magnitude / 127.

    Zeros stay zeros. A nonzero that would become zero takes the integer 1 of its sign, so that the zeros of a network
    stay those that pruning made; its error is then below one step, all others are off by half a step at most.
    """
    others = tuple(dimension for dimension in range(array.ndim) if dimension != axis)
    largest = np.maximum(array.max(axis=others), -array.min(axis=others))
    values = np.maximum((largest.astype(np.float64) / LARGEST).astype(np.float32), np.finfo(np.float32).tiny)
    values[largest == 0] = 1
    scales = Scales(values, axis)
    divisors, integers = scales.over(array.shape), np.empty(array.shape, np.int8)
    for place in chunks.places(array.shape):
        block = array[place]
        rounded = np.rint(block / divisors[place]).clip(-LARGEST, LARGEST)
        integers[place] = np.where((rounded == 0) & (block != 0), np.sign(block), rounded)
    return integers, scales


def _if_exact(array: FloatArray, scales: Scales) -> tuple[Int8Array, Scales] | None:
    divisors, narrow = scales.over(array.shape), np.empty(array.shape, np.int8)
    for place in chunks.places(array.shape):
        block, divisor = array[place], divisors[place]
        integers = np.rint(block.astype(np.float64) / divisor)
        if integers.min() < -LARGEST - 1 or integers.max() > LARGEST:
            return None
        if not chunks.same_bits(integers.astype(np.int8).astype(np.float32) * divisor, block):
            return None
        narrow[place] = integers
    return narrow, scales


def _scale_of(values: FloatArray) -> np.float32 | None:
    """A scale of which every one of ``values`` (any shape) is a product with an integer of at most 128; None without.

    The largest magnitude is n times the scale, for some n: each is tried, the smallest first, against all others.
    """
    first = values[next(chunks.places(values.shape))].reshape(-1)[:_SAMPLE]
    seen = np.unique(np.abs(first))
    if len(seen) > LARGEST + 2:
        return None
    if values.size > first.size:
        for place in chunks.places(values.shape):
            seen = np.union1d(seen, np.abs(values[place]))
            if len(seen) > LARGEST + 2:
                return None
    magnitudes = seen[seen > 0].astype(np.float64)
    if not len(magnitudes):
        return np.float32(1)
    if len(magnitudes) > LARGEST + 1:
        return None
    counts = np.arange(1, LARGEST + 2)[:, np.newaxis]
    ratios = magnitudes * (counts / magnitudes[-1])
    multiples = np.rint(ratios)
    fits = (np.abs(ratios - multiples) <= _SLACK * ratios).all(axis=1)
    for row in np.flatnonzero(fits):
        scale = _exact_scale(magnitudes, multiples[row])
        if scale is not None:
            return scale
    return None


def _exact_scale(magnitudes: npt.NDArray[np.float64], multiples: npt.NDArray[np.float64]) -> np.float32 | None:
    """The float32 whose products with ``multiples`` round to ``magnitudes``; None if there is none."""
    if (multiples == 0).any():
        return None
    half = np.ldexp(1.0, np.frexp(magnitudes)[1] - 25)  # half the distance to the next float32
    low, high = ((magnitudes - half) / multiples).max(), ((magnitudes + half) / multiples).min()
    middle = np.float32((low + high) / 2)
    single = magnitudes.astype(np.float32)
    with np.errstate(over="ignore"):
        for candidate in (middle, np.nextafter(middle, np.float32(0)), np.nextafter(middle, np.float32(np.inf))):
            if (multiples.astype(np.float32) * candidate == single).all():
                return np.float32(candidate)
    return None


def _along(values: FloatArray, axis: int, rank: int) -> FloatArray:
    """``values`` shaped to broadcast along ``axis`` of an array of ``rank`` dimensions."""
    return values.reshape([-1 if dimension == axis else 1 for dimension in range(rank)])
