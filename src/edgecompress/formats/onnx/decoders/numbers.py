"""Packed numbers, with operators that onnxruntime folds in every version."""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.bits import WIDEST, Bytes, PackedBits
from edgecompress.formats.onnx.builder import Builder

BITWISE_AND = 18
"""The opset with BitwiseAnd."""


def numbers(build: Builder, packed: PackedBits) -> ir.Value:
    """The numbers: int32 [count]."""
    found = padded_numbers(build, packed)
    return found if packed.padded == packed.count else build.slice(found, packed.count)


def padded_numbers(build: Builder, packed: PackedBits) -> ir.Value:
    """The numbers and what fills the planes up: int32 [padded].

    Bits to bytes, then the product of the planes with the powers of two, which is the fastest sum that there is.
    """
    if packed.bits == WIDEST:
        return build.cast(build.stored(packed.planes), ir.DataType.INT32)
    if packed.bits == 1:
        return build.cast(build.op("Reshape", _bytes(build, packed.planes[0]), build.integers(-1)), ir.DataType.INT32)
    powers = build.constant((1 << np.arange(packed.bits)).astype(np.uint8).reshape(1, -1))
    sums = build.op("MatMulInteger", powers, _bytes(build, packed.planes[np.newaxis]))
    return build.op("Reshape", sums, build.integers(-1))


def booleans(build: Builder, packed: PackedBits) -> ir.Value:
    """Numbers of one bit: bool [padded]; what follows ``count`` is False where the numbers were filled up with 0."""
    plane = packed.planes[0]
    if build.opset >= BITWISE_AND:
        powers = build.constant((1 << np.arange(8)).astype(np.uint8).reshape(8, 1))
        found = build.op("BitwiseAnd", build.stored(plane), powers)
    else:
        found = _bytes(build, plane)
    return build.cast(build.op("Reshape", found, build.integers(-1)), ir.DataType.BOOL)


def _bytes(build: Builder, planes: Bytes) -> ir.Value:
    """Each bit as a byte, 0 or 1: of uint8 [n], [8, n]; of uint8 [1, b, n], [8, b, n]."""
    stored = build.stored(planes)
    shape = (8, 1) if planes.ndim == 1 else (8, 1, 1)
    if build.opset >= BITWISE_AND:
        places = build.constant(np.arange(8, dtype=np.uint8).reshape(shape))
        return build.op(
            "BitwiseAnd",
            build.op("BitShift", stored, places, direction="RIGHT"),
            build.constant(np.array(1, np.uint8)),
        )
    # Shifting left and then right cuts a bit out as well.
    lefts = build.constant(np.arange(7, -1, -1, dtype=np.uint8).reshape(shape))
    right = build.constant(np.array(7, np.uint8))
    return build.op("BitShift", build.op("BitShift", stored, lefts, direction="LEFT"), right, direction="RIGHT")
