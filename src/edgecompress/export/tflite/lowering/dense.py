"""Gemm and MatMul by a constant: FULLY_CONNECTED, whose weight is (O, I)."""

import numpy as np
import onnx_ir as ir

from edgecompress.export.tflite.graph import FloatArray, Tensor
from edgecompress.export.tflite.lowering.context import (
    FUSED,
    NONE,
    Layout,
    Lowering,
    Value,
    input_name,
    output_name,
    refused,
)
from edgecompress.export.tflite.lowering.convolution import bias


def gemm(node: ir.Node, lowering: Lowering) -> Value:
    """Gemm, alpha * A B + beta * C, with A computed and not transposed, B constant, and alpha = beta = 1."""
    matrix = lowering.weight(node, 1)
    alpha, beta = node.attributes.get_float("alpha", 1.0), node.attributes.get_float("beta", 1.0)
    if matrix is None or matrix.ndim != 2 or alpha != 1.0 or beta != 1.0 or node.attributes.get_int("transA", 0) != 0:
        raise refused(node, "only a constant matrix with alpha = beta = 1 and transA = 0 is supported")
    weight = matrix if node.attributes.get_int("transB", 0) == 1 else np.ascontiguousarray(matrix.T)
    return _fully_connected(node, lowering, weight)


def mat_mul(node: ir.Node, lowering: Lowering) -> Value:
    """MatMul of a computed matrix (N, I) by a constant one (I, O). An Add of a constant after it becomes its bias."""
    matrix = lowering.weight(node, 1)
    if matrix is None or matrix.ndim != 2:
        raise refused(node, "only a constant matrix (inputs, outputs) on the right is supported")
    return _fully_connected(node, lowering, np.ascontiguousarray(matrix.T))


def _fully_connected(node: ir.Node, lowering: Lowering, weight: FloatArray) -> Value:
    """``weight`` (O, I) applied to the node's input.

    Where that input is still unrolled (channels last), the weight's columns are put in that order, which costs nothing
    when the model runs.
    """
    value = lowering.value(node)
    if value.spatial:
        raise refused(node, "its input must be flat, (batch, features); flatten it before")
    outputs, features = weight.shape
    if value.onnx_shape[1] != features:
        raise refused(node, f"its weight {weight.shape} does not fit {value.onnx_shape[1]} features")
    form = "OI"
    if value.layout is Layout.UNROLLED:
        _, height, width, channels = value.tensor.shape
        if height * width > 1:
            form = f"O{height}x{width}x{channels}"
            turned = weight.reshape(outputs, channels, height, width).transpose(0, 2, 3, 1)
            weight = np.ascontiguousarray(turned).reshape(outputs, features)
        source = lowering.reshape(value.tensor, (1, features), f"{output_name(node)}/flat")
    else:
        source = value.tensor
    parameter = lowering.parameter(input_name(node, 1), form, weight, compressible=True)
    inputs: list[Tensor] = [source, parameter, bias(node, lowering, parameter, outputs)]
    options = {FUSED: NONE}
    return Value(lowering.emit("FULLY_CONNECTED", inputs, (1, outputs), output_name(node), **options), Layout.FLAT)
