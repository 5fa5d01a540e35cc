"""The forms in which a file can hold a weight tensor, and the choice among them by computed bytes.

Runtimes compute with float32. The forms, and what makes float32 of them when the model is loaded:

1. ``float32``: nothing, the plain array.
2. ``float16``: DEQUANTIZE.
3. ``int8``, one scale for the tensor or one for each output channel: DEQUANTIZE.
4. ``csr-float32``: DENSIFY.
5. ``csr-float16``, ``csr-int8``: DENSIFY, then DEQUANTIZE, where ``consumers`` allows that.

The hybrid form is ``int8`` without an operator: the layer itself reads the integers and rounds its input to int8 too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edgecompress.export.tflite import blocks, csr, scales
from edgecompress.export.tflite.consumers import Use
from edgecompress.export.tflite.graph import Array, FloatArray
from edgecompress.export.tflite.scales import Scales

Encoding = Literal["fast-load", "smallest"]
Rounding = Literal["float32", "float16", "int8", "int8-hybrid"]

# What one DENSIFY or DEQUANTIZE adds to a file: an operator, the tensor it makes, and that tensor's name and shape;
# and what the tables around segments and indices, and around scales, add. Measured; names and alignment move each by
# some 20 bytes.
OPERATOR_BYTES = 120
SPARSITY_BYTES = 100
SCALES_BYTES = 50
# A scale is 4 bytes, and its zero point, which the schema asks for, 8.
SCALE_BYTES = 12
SMALLEST_FLOAT16 = np.float16(2.0**-24)


@dataclass(frozen=True, eq=False)
class Stored:
    """A constant as the file holds it: a plain ``array`` or a ``csr.Csr``, int8 with its ``scales``.

    ``hybrid``: the operator that reads it takes the integers. ``note`` says why it is no smaller.
    """

    array: Array | csr.Csr
    scales: Scales | None = None
    hybrid: bool = False
    note: str = ""

    @property
    def values(self) -> Array:
        """The stored numbers, without those that are left out."""
        return self.array.values if isinstance(self.array, csr.Csr) else self.array

    @property
    def encoding(self) -> str:
        """Its name: float32, csr-float16, int8, ..."""
        return f"csr-{self.values.dtype.name}" if isinstance(self.array, csr.Csr) else self.values.dtype.name

    @property
    def steps(self) -> tuple[str, ...]:
        """The operators that decode it, in order."""
        densify = ("DENSIFY",) if isinstance(self.array, csr.Csr) else ()
        plain = self.hybrid or self.values.dtype == np.float32
        return densify if plain else (*densify, "DEQUANTIZE")

    @property
    def bytes(self) -> int:
        """What the file spends on it, decoding included; an estimate for the tables around the data."""
        size, tables = self.values.nbytes, 1
        if isinstance(self.array, csr.Csr):
            size, tables = self.array.bytes + SPARSITY_BYTES, 2
        return size + OPERATOR_BYTES * len(self.steps) + _scales_bytes(self.scales) * tables

    def decoded(self) -> FloatArray:
        """The float32 array that a runtime makes of it."""
        dense = self._dense()
        return self.scales.times(dense) if self.scales is not None else dense.astype(np.float32)

    def is_read_as(self, array: Array) -> bool:
        """Whether ``array`` is bit by bit what its operators read: ``decoded``, or in the hybrid form the integers."""
        dense = self._dense()
        if self.hybrid or dense.shape != array.shape:
            return blocks.same_bits(dense, array)
        factors = None if self.scales is None else self.scales.over(array.shape)
        for place in blocks.places(array.shape):
            single = dense[place].astype(np.float32, copy=False)
            if not blocks.same_bits(single if factors is None else single * factors[place], array[place]):
                return False
        return True

    def _dense(self) -> Array:
        return csr.unpack(self.array) if isinstance(self.array, csr.Csr) else self.array


def to_float16(array: FloatArray) -> Array:
    """``array`` rounded to float16: by at most 2**-11 of a value, 2**-25 below 2**-14.

    What would round to zero becomes the smallest float16 of its sign, 2**-24: an error below 2**-24 changes no output
    that anyone could measure, and the zeros of the network stay exactly those that pruning made.
    """
    half = np.empty(array.shape, np.float16)
    for place in blocks.places(array.shape):
        block, rounded = array[place], half[place]
        with np.errstate(over="ignore", under="ignore"):
            rounded[...] = block
        vanished = (rounded == 0) & (block != 0)
        rounded[vanished] = np.copysign(SMALLEST_FLOAT16, block[vanished])
    return half


def choose(array: FloatArray, use: Use, *, weights: Rounding = "float16", encoding: Encoding = "smallest") -> Stored:
    """The form of the float32 weights ``array`` (any shape, not empty) that takes the fewest bytes.

    ``weights`` says how far values may be rounded: ``float32`` not at all, ``float16``, or ``int8``; of forms of equal
    size the more exact one is taken. With ``int8-hybrid`` a weight that its operators can read as int8 is that, the
    others are as with ``float16``. ``encoding`` ``fast-load`` leaves out what takes runtimes longer to decode than
    float16: int8 and CSR. Rounding keeps zeros, and makes none.
    """
    if weights == "int8-hybrid" and use.hybrid and use.channel_axis is not None and not blocks.not_finite(array):
        hybrid = Stored(*scales.quantize(array, use.channel_axis), hybrid=True)
        if hybrid.bytes < array.nbytes:
            return hybrid
    best, inner, cost, denied = Stored(array), None, array.nbytes, array.nbytes
    for values, found in _values(array, use, weights, encoding):
        chained = values.dtype != np.float32
        dense = values.nbytes + OPERATOR_BYTES * chained + _scales_bytes(found)
        if dense < cost:
            best, inner, cost = Stored(values, found), None, dense
        if encoding == "fast-load":
            continue
        count = csr.nonzeros(values)
        sizes = [csr.size(array.shape, count, dimension, values.itemsize) for dimension in range(array.ndim)]
        sparse = min(sizes) + SPARSITY_BYTES + OPERATOR_BYTES * (1 + chained) + 2 * _scales_bytes(found)
        if chained and not use.chained:
            denied = min(denied, sparse)
        elif sparse < cost:
            best, inner, cost = Stored(values, found), sizes.index(min(sizes)), sparse
    note = _note(array, weights, best, plain=cost == array.nbytes)
    if denied < cost:
        note = f"not CSR of {denied} bytes: an operator that XNNPACK does not run reads it"
    return replace(best, array=best.array if inner is None else csr.pack(best.values, inner), note=note)


def _values(
    array: FloatArray, use: Use, weights: Rounding, encoding: Encoding
) -> Iterator[tuple[Array, Scales | None]]:
    """The numbers that may be stored for ``array``, the most exact first."""
    yield array, None
    half = to_float16(array)
    exact_half = Stored(half).is_read_as(array)
    if exact_half:
        yield half, None
    if encoding == "smallest":
        lossless = scales.find(array, use.channel_axis)
        if lossless is not None:
            yield lossless
    if not exact_half and weights != "float32" and not blocks.not_finite(half):
        yield half, None
    if encoding == "smallest" and weights == "int8" and use.channel_axis is not None and not blocks.not_finite(array):
        yield scales.quantize(array, use.channel_axis)


def _note(array: FloatArray, weights: Rounding, best: Stored, *, plain: bool) -> str:
    """Why the weight is not stored in fewer bits, where there is a reason to tell."""
    if best.values.dtype != np.float32:
        return ""
    overflow = 0 if weights == "float32" else blocks.not_finite(to_float16(array))
    if overflow:
        return f"not float16: {overflow} weights overflow in it"
    return "smaller plain than with operators that decode it" if plain else ""


def _scales_bytes(found: Scales | None) -> int:
    return 0 if found is None else SCALES_BYTES + SCALE_BYTES * len(found.values)
