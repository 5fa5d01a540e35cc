"""Packed fields of 1 to 8 bits back to numbers, with operators that onnxruntime folds in every version.

Shifting left and then right cuts a field out of a byte without the bitwise operators of opset 18, so opset 11 suffices.
"""

import numpy as np
import onnx_ir as ir

from edgecompress.encode import bits
from edgecompress.export.onnx_graph.builder import Builder


def unpack(build: Builder, key: str, width: int, count: int) -> ir.Value:
    """The first ``count`` numbers of the packed array ``key``: int32 [count]."""
    numbers = unpack_all(build, key, width)
    if count == bits.layout(count, width).shape[0] * bits.group(width)[0]:
        return numbers
    return build.op("Slice", numbers, build.integers(0), build.integers(count))


def unpack_all(build: Builder, key: str, width: int) -> ir.Value:
    """All numbers of the packed array ``key``, those that fill the last group included: int32 [n]."""
    flat = build.integers(-1)
    if width == 8:
        return build.cast(build.stored(key, (-1,)), ir.DataType.INT32)
    if 8 % width == 0:
        return build.cast(build.op("Reshape", _fields(build, key, width), flat), ir.DataType.INT32)
    # A width that straddles bytes: cut out single bits, then weigh the bits of each number by powers of two. This
    # product takes the fewest operators and loads as fast as shifting and joining the two bytes of each number.
    digits = build.op("Reshape", _fields(build, key, 1), build.integers(-1, width))
    powers = build.constant((1 << np.arange(width)).astype(np.uint8).reshape(width, 1))
    return build.op("Reshape", build.op("MatMulInteger", digits, powers), flat)


def _fields(build: Builder, key: str, width: int) -> ir.Value:
    """The fields of each byte, the lowest first: uint8 [bytes, 8 // width]."""
    packed = build.stored(key, (-1, 1))
    lefts = build.constant(np.arange(8 - width, -1, -width, dtype=np.uint8))
    right = build.constant(np.array([8 - width], np.uint8))
    return build.op("BitShift", build.op("BitShift", packed, lefts, direction="LEFT"), right, direction="RIGHT")
