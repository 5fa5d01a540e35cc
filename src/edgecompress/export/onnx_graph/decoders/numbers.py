"""Packed numbers, with operators of opset 11 that onnxruntime folds in every version.

Shifting left and then right cuts a bit out of a byte without the bitwise operators of opset 18.
"""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.bits import WIDEST, Packed
from edgecompress.export.onnx_graph.builder import Builder


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
    flat = build.op("Reshape", _bytes(build, packed), build.integers(-1))
    return build.cast(flat, ir.DataType.BOOL)


def _bytes(build: Builder, packed: Packed) -> ir.Value:
    """Each bit as a byte: uint8 [bits, 8, n]."""
    stored = build.stored(packed.planes.reshape(packed.bits, 1, -1))
    lefts = build.constant(np.arange(7, -1, -1, dtype=np.uint8).reshape(8, 1))
    right = build.constant(np.array(7, np.uint8))
    return build.op("BitShift", build.op("BitShift", stored, lefts, direction="LEFT"), right, direction="RIGHT")
