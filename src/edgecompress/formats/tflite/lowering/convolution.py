"""Conv, in one or two dimensions: CONV_2D, or DEPTHWISE_CONV_2D where each group has one input channel."""

from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray, Tensor
from edgecompress.formats.tflite.lowering import padding
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, Lowering, Value, input_name, output_name, refused

# Runtimes that know this version know filters with fewer channels than the input (groups).
_GROUPED_VERSION = 6
_DILATED_DEPTHWISE_VERSION = 2


def conv(node: ir.Node, lowering: Lowering) -> Value:
    """Conv with any strides, dilations, pads and groups.

    Filters: ONNX (O, I / groups, H, W) becomes OHWI (O, H, W, I / groups), depthwise (1, H, W, O); a 1-D filter has
    H = 1. An absent bias becomes one of zeros, because older runtimes need the input.
    """
    filters = lowering.weight(node, 1)
    if filters is None or filters.ndim not in (3, 4) or len(lowering.value(node).shape) != filters.ndim:
        raise refused(node, "only 1-D and 2-D convolutions, with a constant filter, are supported")
    value, more = padding.absorbed(node, lowering)
    groups = node.attributes.get_int("group", 1)
    outputs, channels = filters.shape[0], value.shape[1]
    if groups < 1 or filters.shape[1] * groups != channels or outputs % groups:
        raise refused(node, f"its filter {filters.shape} in {groups} groups does not fit {channels} channels")

    kernel = filters.shape[2:]
    if filters.ndim == 3:
        filters = filters[:, :, np.newaxis, :]
    depthwise = groups > 1 and filters.shape[1] == 1
    along = padding.axes(node, value, kernel, more)
    source, remaining = padding.pad(lowering, node, value, along)
    height, width = along
    options: dict[str, Any] = {
        "padding": remaining,
        "strideH": height.stride,
        "strideW": width.stride,
        "dilationHFactor": height.dilation,
        "dilationWFactor": width.dilation,
        FUSED: NONE,
    }
    if depthwise:
        code, order, form = "DEPTHWISE_CONV_2D", (1, 2, 3, 0), "1HWO"
        options["depthMultiplier"] = outputs // channels
        version = _DILATED_DEPTHWISE_VERSION if max(height.dilation, width.dilation) > 1 else 1
    else:
        code, order, form = "CONV_2D", (0, 2, 3, 1), "OHWI"
        version = _GROUPED_VERSION if groups > 1 else 1

    weight = lowering.parameter(input_name(node, 1), form, np.transpose(filters, order), compressible=True)
    inputs = [source, weight, bias(node, lowering, weight, outputs)]
    shape = (source.shape[0], height.out, width.out, outputs)
    output = lowering.emit(code, inputs, shape, output_name(node), version=version, **options)
    return padding.windowed(value, along, output)


def zeros(lowering: Lowering, weight: Tensor, outputs: int) -> Tensor:
    """A bias of zeros, named after the weight: older runtimes need the input."""
    name = f"{weight.name.removesuffix('.weight')}.bias"
    return lowering.parameter(name, f"zeros{outputs}", np.zeros(outputs, np.float32))


def bias(node: ir.Node, lowering: Lowering, weight: Tensor, outputs: int) -> Tensor:
    """The bias (outputs,) at input 2 of a Conv; zeros where there is none."""
    given: FloatArray | None = lowering.weight(node, 2)
    if given is None:
        return zeros(lowering, weight, outputs)
    if given.size not in (1, outputs):
        raise refused(node, f"its bias {given.shape} does not fit {outputs} outputs")
    array = np.ascontiguousarray(np.broadcast_to(given.reshape(-1), outputs))
    return lowering.parameter(input_name(node, 2), "", array)
