"""BatchNormalization: folded into the convolution or matrix before it, else a MUL and an ADD."""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.errors import CheckError
from edgecompress.export.tflite.graph import Operator, Tensor
from edgecompress.export.tflite.lowering.context import (
    FUSED,
    NONE,
    Layout,
    Lowering,
    Value,
    output_name,
    refused,
    renamed,
)

# The axis of the weight that runs over the operator's outputs.
_OUTPUT_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}


def batch_normalization(node: ir.Node, lowering: Lowering) -> Value:
    """At inference: (x - mean) / sqrt(variance + epsilon) * scale + shift (Ioffe and Szegedy 2015, algorithm 2)."""
    if node.attributes.get_int("training_mode", 0):
        raise refused(node, "it is in training mode; export the model in evaluation mode")
    value = lowering.value(node)
    folds = value.layout is not Layout.UNROLLED
    if not folds:
        value = lowering.flat(value, f"{output_name(node)}/input")
    channels = value.onnx_shape[1]
    statistics = [lowering.weight(node, index) for index in range(1, 5)]
    if any(array is None or array.shape != (channels,) for array in statistics):
        raise refused(node, f"scale, shift, mean and variance must have one entry for each of {channels} channels")
    scale, shift, mean, variance = (np.asarray(array, np.float64) for array in statistics)
    variance = variance + node.attributes.get_float("epsilon", 1e-5)
    if (variance <= 0).any():
        raise refused(node, "its variance is not positive; repair the model")
    factor = scale / np.sqrt(variance)
    offset = shift - mean * factor

    operator = lowering.fusable(node.inputs[0]) if folds else None
    if operator is not None and operator.code in _OUTPUT_AXIS:
        _fold(operator, factor, offset, output_name(node))
        return renamed(value, operator.output)
    name = output_name(node)
    tensor = value.tensor
    for code, suffix, array in (("MUL", "factor", factor), ("ADD", "offset", offset)):
        parameter = lowering.parameter(f"{name}/{suffix}", "", array.astype(np.float32))
        options = {FUSED: NONE}
        tensor = lowering.emit(code, [tensor, parameter], tensor.shape, f"{name}/{code.lower()}", **options)
    tensor.name = name
    return renamed(value, tensor)


def _fold(operator: Operator, factor: npt.NDArray[np.float64], offset: npt.NDArray[np.float64], name: str) -> None:
    """Scale the weight of ``operator`` by ``factor`` an output, and its bias too, plus ``offset``; in float64.

    Raises:
        CheckError: a weight became zero (an output whose factor is zero aside) or infinite.
    """
    _, weight, bias = operator.inputs
    assert weight.data is not None
    assert bias.data is not None
    shape = [1] * len(weight.shape)
    shape[_OUTPUT_AXIS[operator.code]] = -1
    per_output = factor.reshape(shape)
    with np.errstate(over="ignore", under="ignore"):
        # Zeros times a negative factor are -0.0; adding 0.0 makes them the one zero again.
        folded = (weight.data * per_output).astype(np.float32) + np.float32(0)
        moved = (bias.data * factor + offset).astype(np.float32) + np.float32(0)
    if not np.isfinite(folded).all() or not np.isfinite(moved).all():
        raise CheckError(
            f"folding the BatchNormalization after '{weight.name}' makes weights infinite; check its scale"
        )
    if np.count_nonzero(folded) != np.count_nonzero((weight.data != 0) & (per_output != 0)):
        raise CheckError(f"folding the BatchNormalization after '{weight.name}' changes its zeros; check its scale")
    operator.inputs[1] = Tensor(weight.name, weight.shape, folded, compressible=True)
    operator.inputs[2] = Tensor(bias.name, bias.shape, moved)
    operator.output.name = name
