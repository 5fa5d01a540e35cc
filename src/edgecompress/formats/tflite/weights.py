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

from edgecompress.encode import chunks
from edgecompress.encode.half import to_float16
from edgecompress.formats.contract import Rounding
from edgecompress.formats.tflite import csr, csr_blocks, scales
from edgecompress.formats.tflite.consumers import Use
from edgecompress.formats.tflite.graph import Array, FloatArray
from edgecompress.formats.tflite.scales import Scales

Encoding = Literal["fast-load", "smallest"]

# What one DENSIFY or DEQUANTIZE adds to a file: an operator, the tensor it makes, and that tensor's name and shape;
# and what the tables around segments and indices, and around scales, add. Measured; names and alignment move each by
# some 20 bytes.
OPERATOR_BYTES = 120
SPARSITY_BYTES = 100
SCALES_BYTES = 50
# A scale is 4 bytes, and its zero point, which the schema asks for, 8 in the first layer of so many outputs.
SCALE_BYTES = 12
# What another dimension than the last must save to be the compressed one: a share of what the weight takes, and one of
# the float32 bytes of all weights of the file. OpenVINO reads the last alone: it refuses most files with another, and
# computes wrong numbers from some.
OTHER_DIMENSION, OTHER_DIMENSION_OF_FILE = 0.1, 0.001


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
        """Bytes that the file spends on it, decoding included; an estimate for the tables around the data."""
        size = self.values.nbytes
        if isinstance(self.array, csr.Csr):
            size = self.array.bytes + SPARSITY_BYTES
        return size + OPERATOR_BYTES * len(self.steps) + _scales_bytes(self.scales)

    def decoded(self) -> FloatArray:
        """The float32 array that a runtime makes of it."""
        dense = self._dense()
        return self.scales.times(dense) if self.scales is not None else dense.astype(np.float32)

    def is_read_as(self, array: Array) -> bool:
        """Return whether ``array`` is bit by bit what its operators read: ``decoded``, or the integers if hybrid."""
        dense = self._dense()
        if self.hybrid or dense.shape != array.shape:
            return chunks.same_bits(dense, array)
        factors = None if self.scales is None else self.scales.over(array.shape)
        for place in chunks.places(array.shape):
            single = dense[place].astype(np.float32, copy=False)
            if not chunks.same_bits(single if factors is None else single * factors[place], array[place]):
                return False
        return True

    def _dense(self) -> Array:
        return csr.unpack(self.array) if isinstance(self.array, csr.Csr) else self.array


def choose(
    array: FloatArray,
    use: Use,
    *,
    weights: Rounding = "float16",
    encoding: Encoding = "smallest",
    sparse: bool = True,
    blocked: bool = False,
    file_weights: int = 0,
) -> Stored:
    """The form of the float32 weights ``array`` (any shape, not empty) that takes the fewest bytes.

    ``weights`` says how far values may be rounded: ``float32`` not at all, ``float16``, or ``int8``; of forms of equal
    size the more exact one is taken. With ``int8-hybrid`` a weight that its operators can read as int8 is that, the
    others are as with ``float16``. ``encoding`` ``fast-load`` leaves out what takes runtimes longer to decode than
    float16: int8 and CSR; without ``sparse`` there is no CSR. The last dimension is the compressed one, unless another
    saves much, judged by the elements that all weights of the file have together, ``file_weights``. With ``blocked``
    one index may stand for the weights of a few neighbouring outputs. Rounding keeps zeros, and makes none.
    """
    if not array.ndim:  # a scalar, which nothing makes smaller
        return Stored(array)
    if weights == "int8-hybrid" and use.hybrid and use.channel_axis is not None and not chunks.not_finite(array):
        hybrid = Stored(*scales.quantize(array, use.channel_axis), hybrid=True)
        if hybrid.bytes < array.nbytes:
            return hybrid
    best, rows, cost, denied = Stored(array), None, array.nbytes, array.nbytes
    for values, found in _values(array, use, weights, encoding):
        chained = values.dtype != np.float32
        dense = values.nbytes + OPERATOR_BYTES * chained + _scales_bytes(found)
        if dense < cost:
            best, rows, cost = Stored(values, found), None, dense
        if encoding == "fast-load" or not sparse:
            continue
        tables = SPARSITY_BYTES + OPERATOR_BYTES * (1 + chained) + _scales_bytes(found)
        least, size = _rows(values, cost - tables, file_weights, blocked=blocked)
        in_rows = size + tables
        if chained and not use.chained:
            denied = min(denied, in_rows)
        elif in_rows < cost:
            best, rows, cost = Stored(values, found), least, in_rows
    note = _note(array, weights, best, plain=cost == array.nbytes)
    if denied < cost:
        note = f"not CSR of {denied} bytes: an operator that XNNPACK does not run reads it"
    return replace(best, array=best.array if rows is None else _packed(best.values, *rows), note=note)


def _rows(values: Array, otherwise: int, file_weights: int, *, blocked: bool) -> tuple[tuple[int, int], int]:
    """The sparse dimension and the length of blocks to store ``values`` with as CSR, and the bytes that takes.

    ``otherwise`` is what any other form of the weight takes.
    """
    count = csr.nonzeros(values)
    sizes = [csr.size(values.shape, count, inner, values.itemsize) for inner in range(values.ndim)]
    inner = _sparse_dimension(sizes, min(otherwise, sizes[-1]), file_weights)
    found = {(inner, 1): sizes[inner]}
    for length in csr_blocks.LENGTHS if blocked else ():
        if csr_blocks.fits(values, length):
            found |= {(each, length): size for each, size in csr_blocks.sizes(values, length).items()}
    return min(found.items(), key=lambda each: each[1])


def _packed(values: Array, inner: int, length: int) -> csr.Csr:
    return csr.pack(values, inner) if length == 1 else csr_blocks.pack(values, inner, length)


def _sparse_dimension(sizes: list[int], otherwise: int, file_weights: int) -> int:
    """The dimension to compress: the last, unless another saves much of the bytes that the weight takes ``otherwise``.

    ``sizes`` are the bytes with each dimension as the compressed one.
    """
    least = min(sizes)
    return sizes.index(least) if saves_much(otherwise - least, otherwise, file_weights) else len(sizes) - 1


def saves_much(saved: int, otherwise: int, file_weights: int) -> bool:
    """Return whether ``saved`` bytes of the ``otherwise`` of a weight are worth another compressed dimension."""
    return saved > max(OTHER_DIMENSION * otherwise, OTHER_DIMENSION_OF_FILE * 4 * file_weights)


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
    if not exact_half and weights != "float32" and not chunks.not_finite(half):
        yield half, None
    if encoding == "smallest" and weights == "int8" and use.channel_axis is not None and not chunks.not_finite(array):
        yield scales.quantize(array, use.channel_axis)


def _note(array: FloatArray, weights: Rounding, best: Stored, *, plain: bool) -> str:
    """The reason why the weight is not stored in fewer bits, where there is one to tell."""
    if best.values.dtype != np.float32:
        return ""
    overflow = 0 if weights == "float32" else chunks.not_finite(to_float16(array))
    if overflow:
        return f"not float16: {overflow} weights overflow in it"
    return "smaller plain than with operators that decode it" if plain else ""


def _scales_bytes(found: Scales | None) -> int:
    return 0 if found is None else SCALES_BYTES + SCALE_BYTES * len(found.values)
