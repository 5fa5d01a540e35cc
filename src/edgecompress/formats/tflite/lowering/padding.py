"""ONNX's explicit paddings as TFLite has them: VALID, SAME, or a PAD operator before a VALID one.

TFLite's SAME (``tensorflow/lite/kernels/padding.h``) makes ceil(in / stride) places and puts the smaller half of the
padding before, the larger after. Torch's padding=1 of a 3x3 kernel is that at stride 1, but not at stride 2 over an
even size.
"""

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering.context import Lowering, Value, image_view, output_name, refused

SAME, VALID = 0, 1  # Padding of the schema


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a window operator, in places."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def extent(self) -> int:
        """The places that one window spans."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def needed(self) -> int:
        """Padding after the last place that some window reads; 0 where windows end before."""
        return max(0, (self.out - 1) * self.stride + self.extent - self.size - self.before)

    @property
    def is_same(self) -> bool:
        """Return whether TFLite's SAME pads exactly so."""
        total = max(0, (self.out - 1) * self.stride + self.extent - self.size)
        return (
            self.out == -(-self.size // self.stride)
            and self.before == total // 2
            and self.needed == total - self.before
        )

    @property
    def is_valid(self) -> bool:
        """Return whether no place of padding is read."""
        return self.before == 0 and self.needed == 0


def absorbed(node: ir.Node, lowering: Lowering) -> tuple[Value, tuple[tuple[int, int], ...]]:
    """The value that a Conv slides over, and zeros around it: a Pad that nothing else reads becomes the Conv's padding.

    Exporters write padding that is not the same on both sides so; as padding of the Conv it may be TFLite's SAME.
    """
    value = lowering.value(node)
    given = node.inputs[0]
    none = ((0, 0),) * (len(value.shape) - 2)
    if given not in lowering.padded or node.attributes.get_string("auto_pad", "NOTSET").startswith("SAME"):
        return value, none
    before = lowering.padded[given]
    if any(max(amount) for amount in before.amounts[:2]) or not lowering.has_one_reader(given):
        return value, none
    lowering.graph.operators.remove(before.operator)
    return before.value, before.amounts[2:]


def axes(
    node: ir.Node, value: Value, kernel: tuple[int, ...], more: tuple[tuple[int, int], ...] | None = None
) -> tuple[Axis, Axis]:
    """The axes H and W of a Conv or a pool with ``kernel`` (H, W), or (L,): then H is one place.

    ``more`` are places of padding beside those of the attributes, before and after each axis.

    Raises:
        InputError: the attributes do not fit the value, or a window is larger than what it slides over.
    """
    rank = len(kernel)
    if len(value.shape) != rank + 2:
        raise refused(node, f"a {rank}-D window needs an input of rank {rank + 2}, not {len(value.shape)}")
    strides = tuple(node.attributes.get_ints("strides", [1] * rank))
    dilations = tuple(node.attributes.get_ints("dilations", [1] * rank))
    pads = tuple(node.attributes.get_ints("pads", [0] * 2 * rank))
    if len(strides) != rank or len(dilations) != rank or len(pads) != 2 * rank:
        raise refused(node, "its strides, dilations or pads do not have one entry an axis")
    if min(*strides, *dilations, *kernel) < 1 or min(pads) < 0:
        raise refused(node, "strides, dilations and kernel must be positive, pads not negative")

    auto_pad = node.attributes.get_string("auto_pad", "NOTSET")
    ceil_mode = node.attributes.get_int("ceil_mode", 0) == 1
    sizes, more = value.shape[2:], more or ((0, 0),) * rank
    if auto_pad == "VALID":
        pads = (0,) * 2 * rank
    around = [(pads[d] + more[d][0], pads[d + rank] + more[d][1]) for d in range(rank)]
    found = [_axis(sizes[d], kernel[d], strides[d], dilations[d], around[d], auto_pad, ceil_mode) for d in range(rank)]
    if any(axis.out < 1 for axis in found):
        raise refused(node, f"its window is larger than its padded input {sizes}")
    if rank == 1:
        found.insert(0, Axis(1, 1, 1, 1, 0, 0, 1))
    return found[0], found[1]


def windowed(value: Value, along: tuple[Axis, Axis], tensor: Tensor) -> Value:
    """The value that a window slid over ``value`` gives, (N, H, W, C) in ``tensor``."""
    places = tuple(axis.out for axis in along)[4 - len(value.shape) :]
    shape = (value.shape[0], tensor.shape[3], *places)
    return Value(tensor, shape, image_view(shape))


def _axis(
    size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], auto_pad: str, ceil_mode: bool
) -> Axis:
    """One axis by the rules of the ONNX operator specification."""
    extent = (kernel - 1) * dilation + 1
    if auto_pad.startswith("SAME"):
        out = -(-size // stride)
        total = max(0, (out - 1) * stride + extent - size)
        before = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
        return Axis(size, kernel, stride, dilation, before, total - before, out)
    before, after = pads
    span = size + before + after - extent
    out = span // stride + 1
    # A last partial window counts if it starts inside the input or the padding before it.
    if ceil_mode and span >= 0 and span % stride and out * stride < size + before:
        out += 1
    return Axis(size, kernel, stride, dilation, before, after, out)


def pad(
    lowering: Lowering, node: ir.Node, value: Value, along: tuple[Axis, Axis], *, fill: float = 0.0, same: bool = True
) -> tuple[Tensor, int]:
    """The tensor to slide over, padded with ``fill`` where neither VALID nor SAME fits, and the padding that remains.

    ``same`` is False where SAME would not mean padding with ``fill``.
    """
    tensor = lowering.image(value, f"{output_name(node)}/input")
    if all(axis.is_valid for axis in along):
        return tensor, VALID
    if same and all(axis.is_same for axis in along):
        return tensor, SAME
    name = f"{output_name(node)}/padded"
    amounts = np.array([(0, 0), *((axis.before, axis.needed) for axis in along), (0, 0)], np.int32)
    paddings = lowering.parameter(name + "/amounts", "", amounts)
    shape = tuple(int(size + sum(amount)) for size, amount in zip(tensor.shape, amounts, strict=True))
    if fill == 0.0:
        return lowering.emit("PAD", [tensor, paddings], shape, name), VALID
    filling = lowering.parameter(name + "/fill", "", np.array([fill], np.float32))
    return lowering.emit("PADV2", [tensor, paddings, filling], shape, name), VALID
