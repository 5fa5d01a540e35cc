"""CSR whose entries are blocks: weights of a few neighbouring outputs that are zero together share one index.

The outputs are dimension 0 of a weight. With blocks of ``length`` outputs the tensor is walked as one of ``shape[0] /
length`` rows of blocks, and the values of a block follow one another: one more dimension in the schema's terms, dense,
walked last, that divides dimension 0. Pruning by the pattern 2x1 makes such zeros; each index then serves two values.

LiteRT, from 1.1 on, and tflite-runtime 2.14 expand this form. OpenVINO refuses it by a message.
"""

from dataclasses import replace

import numpy as np

from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.csr import Csr
from edgecompress.formats.tflite.graph import Array

LENGTHS = (2, 4, 8)
# A block is moved as one number, and there is none of more than eight bytes.
_LARGEST = 8


def fits(array: Array, length: int) -> bool:
    """Return whether ``array`` is made of whole blocks of ``length`` outputs that this module can move."""
    return array.ndim > 1 and array.shape[0] % length == 0 and array.itemsize * length <= _LARGEST


def sizes(array: Array, length: int) -> dict[int, int]:
    """Bytes of ``pack`` for each dimension that may be the sparse one, which is any but 0."""
    blocks = _blocks(array, length)
    count = csr.nonzeros(blocks)
    return {inner: csr.size(blocks.shape, count, inner, blocks.itemsize) for inner in range(1, array.ndim)}


def pack(array: Array, inner: int, length: int) -> Csr:
    """The blocked form of ``array`` whose sparse dimension is ``inner``; exact, as ``csr.pack`` is."""
    packed = csr.pack(_blocks(array, length), inner)
    return replace(packed, shape=array.shape, values=packed.values.view(array.dtype), block=length)


def _blocks(array: Array, length: int) -> Array:
    """The blocks of ``array`` as numbers, of shape (shape[0] / length, *shape[1:])."""
    outputs, *others = array.shape
    side_by_side = np.moveaxis(array.reshape(outputs // length, length, *others), 1, -1)
    numbers: Array = np.ascontiguousarray(side_by_side).view(f"u{array.itemsize * length}")[..., 0]
    return numbers
