"""ConvTranspose, in one or two dimensions: TRANSPOSE_CONV."""

from math import prod

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray
from edgecompress.formats.tflite.lowering.context import (
    FUSED,
    NONE,
    Lowering,
    Value,
    image_view,
    input_name,
    output_name,
    refused,
)
from edgecompress.formats.tflite.lowering.convolution import bias
from edgecompress.formats.tflite.lowering.joining import cut
from edgecompress.formats.tflite.lowering.padding import SAME, VALID

# A bias since 3, an activation since 4.
_VERSION = 4


def conv_transpose(node: ir.Node, lowering: Lowering) -> Value:
    """ConvTranspose with any strides, dilations, pads and output padding; one group; a constant filter.

    Filters: ONNX (I, O, H, W) becomes (O, H, W, I). TFLite pads as SAME or VALID; where ONNX does otherwise, VALID
    computes all that the filter reaches, and a SLICE takes what is wanted of it. A dilated filter is one with zeros.
    """
    value, name = lowering.value(node), output_name(node)
    filters = lowering.weight(node, 1)
    if filters is None or filters.ndim not in (3, 4) or len(value.shape) != filters.ndim:
        raise refused(node, "only 1-D and 2-D transposed convolutions, with a constant filter, are supported")
    if node.attributes.get_int("group", 1) != 1 or filters.shape[0] != value.shape[1]:
        raise refused(node, f"its filter {filters.shape} does not fit {value.shape[1]} channels in one group")
    along = _axes(node, value, filters.shape[2:])
    rank = filters.ndim - 2
    spread = np.zeros((*filters.shape[:2], *(axis.extent for axis in along)), np.float32)
    spread[:, :, :: along[0].dilation][..., :: along[-1].dilation if rank == 2 else 1] = filters
    same = all(axis.is_same for axis in along)
    if not same:
        spread = np.pad(spread, [(0, 0), (0, 0), *((0, axis.missing) for axis in along)])
    reached = [axis.out if same else axis.reached for axis in along]
    if rank == 1:
        spread = spread[:, :, np.newaxis, :]
    strides = ([1] if rank == 1 else []) + [axis.stride for axis in along]
    image = lowering.image(value, f"{name}/input")
    outputs = filters.shape[1]
    shape = (value.shape[0], outputs, *reached)
    view = image_view(shape)
    array: FloatArray = np.ascontiguousarray(spread.transpose(1, 2, 3, 0))
    weight = lowering.parameter(input_name(node, 1), f"transposed{array.shape}", array, compressible=True)
    inputs = [lowering.integers(f"{name}/shape", view.shape), weight, image, bias(node, lowering, weight, outputs)]
    options = {"padding": SAME if same else VALID, "strideH": strides[0], "strideW": strides[1], FUSED: NONE}
    whole = all(axis.before == 0 and axis.reached == axis.out for axis in along) or same
    made = name if whole else f"{name}/whole"
    tensor = lowering.emit("TRANSPOSE_CONV", inputs, view.shape, made, version=_VERSION, kind="float32", **options)
    result = Value(tensor, shape, view)
    if whole:
        return result
    return cut(lowering, result, {d + 2: (a.before, a.before + a.out) for d, a in enumerate(along)}, name)


class _Axis:
    """One spatial axis, in places: ``before`` of what is reached are not wanted, ``out`` are."""

    def __init__(self, size: int, kernel: int, stride: int, dilation: int, before: int, out: int) -> None:
        self.stride, self.dilation, self.before, self.out = stride, dilation, before, out
        self.extent = (kernel - 1) * dilation + 1
        reached = (size - 1) * stride + self.extent
        self.missing = max(0, before + out - reached)
        self.reached = reached + self.missing
        # What a forward convolution padded as SAME would leave out before (tensorflow/lite/kernels/padding.h).
        surplus = max(0, reached - out)
        self.is_same = -(-out // stride) == size and before == surplus // 2 and reached >= out


def _axes(node: ir.Node, value: Value, kernel: tuple[int, ...]) -> list[_Axis]:
    """The axes by the rules of the ONNX operator specification."""
    rank = len(kernel)
    strides, dilations = (node.attributes.get_ints(key, [1] * rank) for key in ("strides", "dilations"))
    extra = node.attributes.get_ints("output_padding", [0] * rank)
    pads = node.attributes.get_ints("pads", [0] * 2 * rank)
    wanted = node.attributes.get_ints("output_shape", [])
    automatic = node.attributes.get_string("auto_pad", "NOTSET")
    if not len(strides) == len(dilations) == len(extra) == rank or len(pads) != 2 * rank or prod(strides) < 1:
        raise refused(node, "its strides, dilations, output_padding or pads do not have one entry an axis")
    found = []
    for axis in range(rank):
        size, stride = value.shape[axis + 2], strides[axis]
        full = (size - 1) * stride + extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        if wanted or automatic.startswith("SAME"):
            out = wanted[len(wanted) - rank + axis] if wanted else size * stride
            total = max(0, full - out)
            before = total // 2 if automatic != "SAME_LOWER" else total - total // 2
            if wanted and automatic == "NOTSET":
                before = total - total // 2
        else:
            before, after = (0, 0) if automatic == "VALID" else (pads[axis], pads[axis + rank])
            out = full - before - after
        if out < 1 or before < 0:
            raise refused(node, f"its pads leave nothing of axis {axis}")
        found.append(_Axis(size, kernel[axis], stride, dilations[axis], before, out))
    return found
