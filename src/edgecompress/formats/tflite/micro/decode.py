"""The DECODE operator of TensorFlow Lite Micro: what it reads to make a constant, beside the coded data.

It is the custom operator TFLM_DECODE. For each output it has two inputs: the coded bytes, and 16 bytes of header with
the tables of their form behind (decode_state.h and its kin in tensorflow/lite/micro/kernels, August 2026).
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from edgecompress.formats.tflite.micro import huffman, lut
from edgecompress.formats.tflite.micro.huffman import Bytes, HuffmanCoded
from edgecompress.formats.tflite.micro.lut import Array, LutCoded

OPERATOR = "TFLM_DECODE"
_LUT, _HUFFMAN, _PRUNED = range(3)
_HEADER, _VERSION = 16, 1
_KIND, _HEADER_VERSION, _FORM_VERSION, _PARAMETERS, _STRIDE = 0, 1, 4, 5, 6  # places in the header
_LUT_BITS, _ONE_TABLE, _AXIS_SHIFT = 0x07, 0xF, 4
_WIDE_ENTRIES = 0x01  # of Huffman tables: 32 bits each
_NAMES = {_LUT: "lut", _HUFFMAN: "huffman", _PRUNED: "pruned"}
FORMS = tuple(_NAMES.values())
"""The names of the forms."""


@dataclass(frozen=True)
class WeightChannels:
    """The channels of decoded weights, which their scales tell: how many, and whether they are the last dimension."""

    count: int = 1
    last: bool = False


def ancillary(coded: LutCoded | HuffmanCoded) -> Bytes:
    """The header of coded weights and their tables: what the operator reads beside the codes."""
    header = np.zeros(_HEADER, np.uint8)
    header[[_HEADER_VERSION, _FORM_VERSION]] = _VERSION
    if isinstance(coded, LutCoded):
        header[[_KIND, _STRIDE]] = _LUT, coded.stride
        # Newer versions read where channels are from here, older ones from the scales, and step by the stride.
        header[_PARAMETERS] = _ONE_TABLE << _AXIS_SHIFT | coded.bits
        tables = coded.values
    else:
        header[_KIND] = _HUFFMAN
        header[_PARAMETERS] = coded.first_bits - 1 << _AXIS_SHIFT
        tables = coded.table.astype("<u2")
    return np.concatenate([header, np.ascontiguousarray(tables).view(np.uint8)])


def form(ancillary: Bytes) -> str:
    """The name of the form of coded weights: lut, huffman or pruned.

    Raises:
        ValueError: it is none of these.
    """
    if len(ancillary) < _HEADER or int(ancillary[_KIND]) not in _NAMES:
        raise ValueError("a DECODE operator has a header of an unknown form")
    return _NAMES[int(ancillary[_KIND])]


def decoded(
    codes: Bytes, ancillary: Bytes, shape: tuple[int, ...], dtype: np.dtype[np.generic], of: WeightChannels
) -> Array:
    """The weights that the operator makes.

    Args:
        codes: the coded bytes.
        ancillary: header and tables.
        shape: of the weights.
        dtype: of the weights, in the file's byte order.
        of: their channels.

    Raises:
        ValueError: codes, tables and shape do not fit each other, or the form is not one that is read here.
    """
    kind, tables, parameters = form(ancillary), ancillary[_HEADER:], int(ancillary[_PARAMETERS])
    if kind == "lut":
        values = _whole(tables, dtype)
        one_table = parameters >> _AXIS_SHIFT == _ONE_TABLE
        stride = 0 if one_table else int(ancillary[_STRIDE])
        return lut.decode(LutCoded(codes, values, parameters & _LUT_BITS, stride), shape, of.count, last=of.last)
    if kind == "pruned":
        return _unpruned(codes, _whole(tables, dtype), shape)
    if parameters & _WIDE_ENTRIES or dtype != np.int8:
        raise ValueError("a DECODE operator has Huffman tables of 32 bits, which are not read here")
    if prod(shape) > 8 * len(codes):
        raise ValueError("a Huffman code ends too early")
    table = _whole(tables, np.dtype("<u2")).astype(np.uint16)
    return huffman.decode(HuffmanCoded(codes, table, (parameters >> _AXIS_SHIFT) + 1), prod(shape)).reshape(shape)


def _unpruned(mask: Bytes, values: Array, shape: tuple[int, ...]) -> Array:
    """The values where the mask has a 1, in order, and zeros."""
    count = prod(shape)
    if 8 * len(mask) < count:
        raise ValueError("the mask of pruned weights ends too early")
    places = np.flatnonzero(np.unpackbits(mask, count=count))
    if len(places) > len(values):
        raise ValueError("the values of pruned weights end too early")
    weights = np.zeros(count, values.dtype)
    weights[places] = values[: len(places)]
    return weights.reshape(shape)


def _whole(tables: Bytes, dtype: np.dtype[np.generic]) -> Array:
    """The table's entries of a type; what is left over at its end is alignment."""
    found: Array = tables[: len(tables) // dtype.itemsize * dtype.itemsize].view(dtype)
    return found
