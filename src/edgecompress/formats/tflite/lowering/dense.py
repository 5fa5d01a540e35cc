"""Gemm and MatMul: FULLY_CONNECTED by a constant, whose weight is (O, I), and BATCH_MATMUL of two computed values."""

from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray, Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, Operand, combined, operands, scaled
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, Lowering, Value, input_name, output_name, refused
from edgecompress.formats.tflite.lowering.convolution import zeros
from edgecompress.formats.tflite.lowering.shape import reshaped, turned
from edgecompress.formats.tflite.lowering.steps import steps
from edgecompress.formats.tflite.lowering.views import View

_KEEPS_RANK_VERSION = 5
# Axes that the runtimes' BATCH_MATMUL has.
_MOST_AXES = 5


def gemm(node: ir.Node, lowering: Lowering) -> Value:
    """Gemm, alpha * A B + beta * C, transposed or not; a constant B is a weight, and alpha and beta are part of it."""
    name = output_name(node)
    alpha, beta = (np.float32(node.attributes.get_float(key, 1.0)) for key in ("alpha", "beta"))
    value = _transposed(node, lowering, lowering.value(node), "transA")
    if len(value.shape) != 2:
        raise refused(node, f"its input has the shape {value.shape}; it must have two axes")
    added = node.inputs[2] if len(node.inputs) > 2 else None
    weighs = node.inputs[1] not in lowering.values
    if not weighs:
        right = _transposed(node, lowering, lowering.value(node, 1), "transB")
        result = batch_mat_mul(node, lowering, value, right, f"{name}/product" if added is not None else name)
        result = result if alpha == 1 else scaled(lowering, result, float(alpha), f"{name}/alpha")
    else:
        matrix = lowering.weight(node, 1)
        if matrix is None or matrix.ndim != 2:
            raise refused(node, "its second input must be a matrix")
        weight = matrix if node.attributes.get_int("transB", 0) == 1 else matrix.T
        weight = weight if alpha == 1 else weight * alpha
        constant = added is not None and added not in lowering.values
        given = lowering.weight(node, 2) if constant else None
        if given is not None and given.size in (1, len(weight)) and given.size == (given.shape or (1,))[-1]:
            scaled_bias = given if beta == 1 else given * beta
            return fully_connected(node, lowering, value, weight, input_name(node, 1), name, scaled_bias)
        if added is None:
            return fully_connected(node, lowering, value, weight, input_name(node, 1), name)
        result = fully_connected(node, lowering, value, weight, input_name(node, 1), f"{name}/product")
    if added is None:
        return result
    offset: Operand
    if added in lowering.values:
        offset = lowering.value(node, 2)
        offset = offset if beta == 1 else scaled(lowering, offset, float(beta), f"{name}/beta")
    else:
        array = lowering.weight(node, 2)
        assert array is not None, "it was there"
        offset = ConstantOperand(input_name(node, 2), array if beta == 1 else array * beta)
    return combined(node, lowering, "ADD", result, offset, name)


def mat_mul(node: ir.Node, lowering: Lowering) -> Value:
    """MatMul as NumPy's. A constant matrix on the right is a weight; an Add of a constant after it becomes its bias."""
    left, right = operands(node, lowering)
    name = output_name(node)
    if not left.shape or not right.shape:
        raise refused(node, "an input is a single number")
    if isinstance(left, Value) and isinstance(right, ConstantOperand) and len(right.shape) <= 2:
        matrix = right.array if len(right.shape) == 2 else right.array[:, np.newaxis]
        result = fully_connected(node, lowering, left, matrix.T, right.name, name)
        return result if len(right.shape) == 2 else reshaped(result, result.shape[:-1])
    return batch_mat_mul(node, lowering, left, right, name)


def fully_connected(
    node: ir.Node,
    lowering: Lowering,
    value: Value,
    weight: FloatArray,
    weight_name: str,
    name: str,
    offset: FloatArray | None = None,
) -> Value:
    """``weight`` (O, I) applied to the last axis of ``value``.

    Where that axis lies in another order than ONNX's, as a flattened map does, the weight's columns are put in the
    tensor's order, which costs nothing when the model runs.
    """
    outputs, features = weight.shape
    if value.shape[-1] != features:
        raise refused(node, f"its weight {weight.shape} does not fit {value.shape[-1]} features")
    form = "OI"
    columns = _columns(value)
    if columns is None:
        value = lowering.ordered(value, f"{name}/input", len(value.shape) - 1)
    elif columns.order != tuple(range(len(columns.order))):
        form = f"O{columns.factors}{columns.order}"
        turned_weight = weight.reshape(outputs, *columns.factors)
        weight = turned_weight.transpose(0, *(1 + axis for axis in columns.order)).reshape(outputs, features)
    rows = value.tensor.shape[: len(value.tensor.shape) - (len(columns.order) if columns is not None else 1)]
    # A matrix of rows in ONNX's order is two axes; others are kept, so that what comes after finds them as they were.
    before = value.view.order[: len(rows)]
    flat = len(value.shape) <= 2 and before == tuple(sorted(before))
    shape = (prod(rows), features) if flat else (*rows, features)
    source = lowering.reshape(value.tensor, shape, f"{name}/flat")
    parameter = lowering.parameter(weight_name, form, weight, compressible=True)
    if offset is not None:
        whole = np.ascontiguousarray(np.broadcast_to(offset.reshape(-1), outputs))
        added = lowering.parameter(input_name(node, 2), "", whole)
    else:
        added = zeros(lowering, parameter, outputs)
    inputs: list[Tensor] = [source, parameter, added]
    options: dict[str, Any] = {FUSED: NONE} if flat else {FUSED: NONE, "keepNumDims": True}
    version = 1 if flat else _KEEPS_RANK_VERSION
    tensor = lowering.emit("FULLY_CONNECTED", inputs, (*shape[:-1], outputs), name, version=version, **options)
    result = (*value.shape[:-1], outputs)
    return Value(tensor, result, views.plain(tensor.shape) if flat else _with_outputs(value, columns, outputs))


def batch_mat_mul(node: ir.Node, lowering: Lowering, left: Operand, right: Operand, name: str) -> Value:
    """BATCH_MATMUL (..., M, K) by (..., K, N); single rows and columns get the axis that they lack."""
    vectors = len(left.shape) == 1, len(right.shape) == 1
    left_shape = (1, *left.shape) if vectors[0] else left.shape
    right_shape = (*right.shape, 1) if vectors[1] else right.shape
    try:
        batch = np.broadcast_shapes(left_shape[:-2], right_shape[:-2])
    except ValueError:
        batch = (0,)
    if left_shape[-1] != right_shape[-2] or 0 in batch:
        raise refused(node, f"the shapes {left.shape} and {right.shape} do not fit each other")
    rank = len(batch) + 2
    if rank > _MOST_AXES:
        raise refused(node, f"its product has {rank} axes; runtimes have {_MOST_AXES}")
    left_shape, right_shape = ((1,) * (rank - len(each)) + each for each in (left_shape, right_shape))
    swapped = (*range(rank - 2), rank - 1, rank - 2)
    adjoint = False
    if isinstance(right, Value):
        last = View(right_shape, swapped)
        whole = Value(right.tensor, right_shape, right.view)
        adjoint = len(steps(right.view, last)) < len(steps(right.view, views.plain(right_shape)))
        second = lowering.arranged(whole, last, f"{name}/right") if adjoint else lowering.plain(whole, f"{name}/right")
    else:
        second = lowering.parameter(right.name, str(right_shape), right.array.reshape(right_shape), compressible=True)
    if isinstance(left, Value):
        first = lowering.plain(Value(left.tensor, left_shape, left.view), f"{name}/left")
    else:
        first = lowering.parameter(left.name, str(left_shape), left.array.reshape(left_shape))
    shape = (*batch, left_shape[-2], right_shape[-1])
    tensor = lowering.emit("BATCH_MATMUL", [first, second], shape, name, kind="float32", adjX=False, adjY=adjoint)
    kept = (*batch, *(() if vectors[0] else shape[-2:-1]), *(() if vectors[1] else shape[-1:]))
    return Value(tensor, kept, views.plain(shape))


def _columns(value: Value) -> View | None:
    """The view of the last axis of ``value`` in its tensor's last axes; ``None`` where others lie among them."""
    found = views.groups(value.view, value.shape)
    if found is None:
        return None
    own, order = found[-1], value.view.order
    tail = order[len(order) - len(own) :]
    if set(tail) != set(own):
        return None
    return View(tuple(value.view.factors[factor] for factor in own), tuple(factor - own.start for factor in tail))


def _with_outputs(value: Value, columns: View | None, outputs: int) -> View:
    """The view of ``value`` with ``outputs`` in the place of its last axis."""
    kept = len(value.view.factors) - (len(columns.factors) if columns is not None else 1)
    order = tuple(factor for factor in value.view.order if factor < kept)
    return View((*value.view.factors[:kept], outputs), (*order, kept))


def _transposed(node: ir.Node, lowering: Lowering, value: Value, key: str) -> Value:
    if node.attributes.get_int(key, 0) == 0 or len(value.shape) != 2:
        return value
    return turned(value, (1, 0), lowering, output_name(node))
