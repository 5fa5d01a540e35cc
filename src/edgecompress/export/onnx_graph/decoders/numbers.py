"""Packed numbers, with operators that onnxruntime folds in every version."""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.bits import WIDEST, Packed
from edgecompress.export.onnx_graph.builder import Builder

_BITWISE_AND = 18
"""The opset with BitwiseAnd."""


def numbers(build: Builder, packed: Packed) -> ir.Value:
    """The numbers: int32 [count].

    Bits to bytes, then the product of the planes with the powers of two, which is the fastest sum that there is.
    """
    if packed.bits == WIDEST:
        return build.cast(build.stored(packed.planes), ir.DataType.INT32)
    powers = build.constant((1 << np.arange(packed.bits)).astype(np.uint8).reshape(1, -1))
    planes = build.op("Reshape", _bytes(build, packed), build.integers(packed.bits, -1))
    found = build.op("Reshape", build.op("MatMulInteger", powers, planes), build.integers(-1))
    return found if packed.padded == packed.count else build.slice(found, packed.count)


def booleans(build: Builder, packed: Packed) -> ir.Value:
    """Numbers of one bit: bool [padded]; what follows ``count`` is False where the numbers were filled up with 0."""
    if build.opset >= _BITWISE_AND:
        powers = build.constant((1 << np.arange(8)).astype(np.uint8).reshape(8, 1))
        bits = build.op("BitwiseAnd", build.stored(packed.planes.reshape(1, 1, -1)), powers)
    else:
        bits = _bytes(build, packed)
    return build.cast(build.op("Reshape", bits, build.integers(-1)), ir.DataType.BOOL)


def _bytes(build: Builder, packed: Packed) -> ir.Value:
    """Each bit as a byte, 0 or 1: uint8 [bits, 8, n]."""
    stored = build.stored(packed.planes.reshape(packed.bits, 1, -1))
    if build.opset >= _BITWISE_AND:
        places = build.constant(np.arange(8, dtype=np.uint8).reshape(8, 1))
        return build.op(
            "BitwiseAnd",
            build.op("BitShift", stored, places, direction="RIGHT"),
            build.constant(np.array(1, np.uint8)),
        )
    # Shifting left and then right cuts a bit out as well.
    lefts = build.constant(np.arange(7, -1, -1, dtype=np.uint8).reshape(8, 1))
    right = build.constant(np.array(7, np.uint8))
    return build.op("BitShift", build.op("BitShift", stored, lefts, direction="LEFT"), right, direction="RIGHT")
