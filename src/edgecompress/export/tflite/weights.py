"""The form in which a file holds a weight tensor: the smallest by computed bytes among those that runtimes decode once.

Runtimes compute with float32. The forms, smallest operator chain first:

1. ``float32``: the plain array.
2. ``float16``: DEQUANTIZE makes float32 of it.
3. ``csr-float32``: DENSIFY expands it.
4. ``csr-float16``: DENSIFY, then DEQUANTIZE.

LiteRT (with XNNPACK and without) decodes a constant once, when the model is loaded.
"""

from dataclasses import dataclass

import numpy as np

from edgecompress.export.tflite import csr
from edgecompress.export.tflite.graph import Array

# What one DENSIFY or DEQUANTIZE adds to a file: an operator, the tensor it makes, and that tensor's name and shape;
# and what the tables around segments and indices add. Measured; names and alignment move both by some 20 bytes.
OPERATOR_BYTES = 120
SPARSITY_BYTES = 100
SMALLEST_FLOAT16 = np.float16(2.0**-24)


@dataclass(frozen=True, eq=False)
class Stored:
    """A constant as the file holds it: a plain ``array`` or a ``csr.Csr``; ``note`` says why it is no smaller."""

    encoding: str
    array: Array | csr.Csr
    note: str = ""


def plain(array: Array) -> Stored:
    """``array`` as it is."""
    return Stored(array.dtype.name, array)


def to_float16(array: Array) -> Array:
    """``array`` rounded to float16: by at most 2**-11 of a value, 2**-25 below 2**-14.

    What would round to zero becomes the smallest float16 of its sign, 2**-24: an error below 2**-24 changes no output
    that anyone could measure, and the zeros of the network stay exactly those that pruning made.
    """
    with np.errstate(over="ignore", under="ignore"):
        half = array.astype(np.float16)
    vanished = (half == 0) & (array != 0)
    half[vanished] = np.copysign(SMALLEST_FLOAT16, array[vanished])
    return half


def smallest(array: Array) -> Stored:
    """The smallest form of the float32 weights ``array`` (any shape, finite).

    float16 is taken where every value stays finite. Where it is not, the note has the reason.
    """
    half = to_float16(array)
    overflow = int(np.count_nonzero(~np.isfinite(half)))
    inner = min(range(array.ndim), key=lambda d: csr.size(array, d, 2))

    sizes = {
        "float32": array.nbytes,
        "float16": half.nbytes + OPERATOR_BYTES,
        "csr-float32": csr.size(array, inner, 4) + SPARSITY_BYTES + OPERATOR_BYTES,
        "csr-float16": csr.size(array, inner, 2) + SPARSITY_BYTES + 2 * OPERATOR_BYTES,
    }
    note = ""
    if overflow:
        note = f"not float16: {overflow} weights overflow in it"
        sizes = {name: size for name, size in sizes.items() if not name.endswith("16")}
    encoding = min(sizes, key=lambda name: sizes[name])
    if encoding == "float32" and not note:
        note = "smaller plain than with operators that decode it"
    values = half if encoding.endswith("16") else array
    return Stored(encoding, csr.pack(values, inner) if encoding.startswith("csr") else values, note)
