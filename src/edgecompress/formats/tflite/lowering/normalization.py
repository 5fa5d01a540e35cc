"""BatchNormalization: folded into the convolution or matrix before it, else a MUL and an ADD."""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.errors import CheckError
from edgecompress.formats.tflite.graph import Tensor, TfliteOperator
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, combined
from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused, renamed

# The axis of the weight that runs over the operator's outputs.
_OUTPUT_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}


def batch_normalization(node: ir.Node, lowering: Lowering) -> Value:
    """At inference: (x - mean) / sqrt(variance + epsilon) * scale + shift (Ioffe and Szegedy 2015, algorithm 2)."""
    if node.attributes.get_int("training_mode", 0):
        raise refused(node, "it is in training mode; export the model in evaluation mode")
    value = lowering.value(node)
    if len(value.shape) < 2:
        raise refused(node, f"its input has the shape {value.shape}; it must have channels, axis 1")
    channels = value.shape[1]
    statistics = [lowering.weight(node, index) for index in range(1, 5)]
    if any(array is None or array.shape != (channels,) for array in statistics):
        raise refused(node, f"scale, shift, mean and variance must have one entry for each of {channels} channels")
    scale, shift, mean, variance = (np.asarray(array, np.float64) for array in statistics)
    variance = variance + node.attributes.get_float("epsilon", 1e-5)
    if (variance <= 0).any():
        raise refused(node, "its variance is not positive; repair the model")
    factor = scale / np.sqrt(variance)
    offset = shift - mean * factor

    operator = lowering.fusable(node.inputs[0]) if _is_last(value) else None
    if operator is not None and operator.code in _OUTPUT_AXIS:
        _fold(operator, factor, offset, output_name(node))
        return renamed(value, operator.output)
    name = output_name(node)
    for code, suffix, array in (("MUL", "factor", factor), ("ADD", "offset", offset)):
        shaped = array.astype(np.float32).reshape(-1, *(1,) * (len(value.shape) - 2))
        constant = ConstantOperand(f"{name}/{suffix}", shaped)
        value = combined(node, lowering, code, value, constant, f"{name}/{code.lower()}" if code == "MUL" else name)
    return value


def _is_last(value: Value) -> bool:
    """Return whether the channels, axis 1, are the last axis of the tensor, which is the layer's outputs."""
    found = views.groups(value.view, value.shape)
    return found is not None and list(found[1])[-1:] == [value.view.order[-1]] and len(found[1]) == 1


def _fold(
    operator: TfliteOperator, factor: npt.NDArray[np.float64], offset: npt.NDArray[np.float64], name: str
) -> None:
    """Scale the weight of ``operator`` by ``factor`` an output, and its bias too, plus ``offset``; in float64.

    The weight's factor is a float32, as a scale is in a file: a weight that is a power of two times small integers is
    then, folded, a scale for each output times the same integers, bit by bit.

    Raises:
        CheckError: a weight became zero (an output whose factor is zero aside) or infinite.
    """
    weight, bias = operator.inputs[1], operator.inputs[-1]
    assert weight.data is not None
    assert bias.data is not None
    shape = [1] * len(weight.shape)
    shape[_OUTPUT_AXIS[operator.code]] = -1
    per_output = factor.astype(np.float32).astype(np.float64).reshape(shape)
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
    operator.inputs[-1] = Tensor(bias.name, bias.shape, moved)
    operator.output.name = name
