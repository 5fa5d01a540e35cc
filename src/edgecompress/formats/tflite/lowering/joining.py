"""Concat, Split, Slice, Expand and Tile: values joined, cut and repeated along any axis."""

from math import ceil

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.broadcasting import operands
from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused
from edgecompress.formats.tflite.lowering.views import Shape, View

# What XNNPACK joins at once.
_MOST_JOINED = 5
_BROADCAST_VERSION = 2


def concat(node: ir.Node, lowering: Lowering) -> Value:
    """Concat along any axis, of values and constants."""
    name, given = output_name(node), operands(node, lowering)
    rank, axis = len(given[0].shape), node.attributes.get_int("axis", 1)
    if not -rank <= axis < rank:
        raise refused(node, f"its axis is {axis}, its inputs have {rank}")
    axis %= rank
    rest = [(*each.shape[:axis], *each.shape[axis + 1 :]) for each in given]
    if any(len(each.shape) != rank for each in given) or any(shape != rest[0] for shape in rest):
        raise refused(node, f"the shapes {[each.shape for each in given]} do not fit each other along axis {axis}")
    computed = [value for value in given if isinstance(value, Value)]
    largest = max(computed, key=lambda value: np.prod(value.shape))
    order = views.natural(largest.view, largest.shape).order
    tensors: list[Tensor] = []
    for number, each in enumerate(given):
        view = View(each.shape, order)
        if isinstance(each, Value):
            tensors.append(lowering.arranged(each, view, f"{name}/{number}"))
        else:
            tensors.append(lowering.parameter(each.name, str(order), np.ascontiguousarray(each.array.transpose(order))))
    shape = (*given[0].shape[:axis], sum(each.shape[axis] for each in given), *given[0].shape[axis + 1 :])
    view = View(shape, order)
    if len(tensors) == 1:
        return Value(tensors[0], shape, view)
    place = order.index(axis)
    while len(tensors) > _MOST_JOINED:  # in a tree, each level of what can be joined at once
        parts = [tensors[start : start + _MOST_JOINED] for start in range(0, len(tensors), _MOST_JOINED)]
        tensors = [_joined(lowering, part, place, f"{name}/part") if len(part) > 1 else part[0] for part in parts]
    return Value(_joined(lowering, tensors, place, name), shape, view)


def split(node: ir.Node, lowering: Lowering) -> tuple[Value, ...]:
    """Split along any axis, in equal parts or in parts of given sizes; each part is a SLICE."""
    value, name = lowering.value(node, kinds=()), output_name(node)
    rank, axis, count = len(value.shape), node.attributes.get_int("axis", 0), len(node.outputs)
    if not -rank <= axis < rank:
        raise refused(node, f"its axis is {axis}, its input has {rank}")
    axis %= rank
    given = lowering.constant(node, 1)
    whole = value.shape[axis]
    sizes = [int(size) for size in given] if given is not None else list(node.attributes.get_ints("split", []))
    if not sizes:
        part = ceil(whole / count)
        sizes = [min(part, whole - start) for start in range(0, whole, part)]
    if len(sizes) != count or sum(sizes) != whole or min(sizes) < 1:
        raise refused(node, f"parts of {sizes} do not make {count} outputs of axis {axis} of {value.shape}")
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return tuple(
        cut(lowering, value, {axis: (start, start + size)}, f"{name}/{number}" if number else name)
        for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
        if node.outputs[number] is not None
    )


def slice_(node: ir.Node, lowering: Lowering) -> Value:
    """Slice by constants: a SLICE, or a STRIDED_SLICE where it takes steps, backwards ones too."""
    value, name = lowering.value(node, kinds=()), output_name(node)
    rank = len(value.shape)
    starts, ends, axes, strides = (_integers(node, lowering, index, key) for index, key in _SLICE.items())
    if starts is None or ends is None:
        raise refused(node, "it has no starts or ends")
    axes = list(range(len(starts))) if axes is None else axes
    strides = [1] * len(starts) if strides is None else strides
    if not len(starts) == len(ends) == len(axes) == len(strides) or any(not -rank <= a < rank for a in axes):
        raise refused(node, "its starts, ends, axes and steps do not fit each other and its input")
    taken = {}
    for start, end, axis, stride in zip(starts, ends, axes, strides, strict=True):
        size = value.shape[axis]
        if stride == 0:
            raise refused(node, "a step is 0")
        places = range(size)[slice(start, None if stride < 0 and end < -size else end, stride)]
        if not len(places):
            raise refused(node, f"it takes nothing of axis {axis} of {value.shape}")
        taken[axis % rank] = places
    if all(places.step == 1 for places in taken.values()):
        return cut(lowering, value, {axis: (p.start, p.stop) for axis, p in taken.items()}, name)
    return _strided(lowering, value, taken, name)


def expand(node: ir.Node, lowering: Lowering) -> Value:
    """Expand to a constant shape: BROADCAST_TO."""
    value, name = lowering.value(node), output_name(node)
    target = lowering.constant(node, 1)
    try:
        shape = np.broadcast_shapes(value.shape, tuple(int(size) for size in np.asarray(target).reshape(-1)))
    except ValueError:
        raise refused(node, f"{value.shape} cannot be expanded to {target}") from None
    padded: Shape = (1,) * (len(shape) - len(value.shape)) + value.shape
    if padded == shape:
        return Value(value.tensor, shape, value.view)
    order = views.natural(value.view, padded).order
    view = View(shape, order)
    source = lowering.arranged(Value(value.tensor, padded, value.view), View(padded, order), f"{name}/input")
    wanted = lowering.integers(f"{name}/shape", view.shape)
    return Value(
        lowering.emit("BROADCAST_TO", [source, wanted], view.shape, name, version=_BROADCAST_VERSION), shape, view
    )


def tile(node: ir.Node, lowering: Lowering) -> Value:
    """Tile by constant repeats."""
    value, name = lowering.value(node), output_name(node)
    repeats = lowering.constant(node, 1)
    if repeats is None or len(repeats) != len(value.shape) or repeats.min() < 1:
        raise refused(node, f"its repeats {repeats} do not fit {value.shape}")
    value = lowering.ordered(value, f"{name}/input")
    shape = tuple(int(size * times) for size, times in zip(value.shape, repeats, strict=True))
    view = View(shape, value.view.order)
    times = lowering.integers(f"{name}/repeats", [int(repeats[axis]) for axis in view.order])
    return Value(lowering.emit("TILE", [value.tensor, times], view.shape, name), shape, view)


def cut(lowering: Lowering, value: Value, spans: dict[int, tuple[int, int]], name: str) -> Value:
    """The elements from start to stop of some axes of ``value``."""
    value, places = lowering.by_axes(value, f"{name}/input")
    begin, size = [0] * len(value.tensor.shape), list(value.tensor.shape)
    factors, shape = list(value.view.factors), list(value.shape)
    for axis, (start, stop) in spans.items():
        place = places[axis]
        begin[place], size[place], shape[axis] = start, stop - start, stop - start
        factors[value.view.order[place]] = stop - start
    view = View(tuple(factors), value.view.order)
    if view == value.view:
        return value
    inputs = [value.tensor, lowering.integers(f"{name}/begin", begin), lowering.integers(f"{name}/size", size)]
    return Value(lowering.emit("SLICE", inputs, view.shape, name), tuple(shape), view)


_SLICE = {1: "starts", 2: "ends", 3: "axes", 4: "steps"}


def _strided(lowering: Lowering, value: Value, taken: dict[int, range], name: str) -> Value:
    value = lowering.ordered(value, f"{name}/input")
    order = value.view.order
    spans = [taken.get(axis, range(value.shape[axis])) for axis in order]
    numbers = [
        lowering.integers(f"{name}/{key}", each)
        for key, each in (
            ("begin", [span.start for span in spans]),
            ("end", [max(span.stop, 0) for span in spans]),
            ("strides", [span.step for span in spans]),
        )
    ]
    # An end before the first element is none at all: -1 would mean the last one.
    to_the_end = sum(1 << place for place, span in enumerate(spans) if span.step < 0 and span.stop < 0)
    shape = tuple(len(taken.get(axis, range(size))) for axis, size in enumerate(value.shape))
    view = View(shape, order)
    tensor = lowering.emit("STRIDED_SLICE", [value.tensor, *numbers], view.shape, name, endMask=to_the_end)
    return Value(tensor, shape, view)


def _joined(lowering: Lowering, tensors: list[Tensor], place: int, name: str) -> Tensor:
    shape = list(tensors[0].shape)
    shape[place] = sum(tensor.shape[place] for tensor in tensors)
    # No fused activation is named: runtimes refuse one here, or leave it out and say nothing.
    return lowering.emit("CONCATENATION", tensors, tuple(shape), name, kind="float32", axis=place)


def _integers(node: ir.Node, lowering: Lowering, index: int, key: str) -> list[int] | None:
    """An attribute before opset 10, a constant input since."""
    if key in node.attributes:
        return list(node.attributes.get_ints(key, []))
    given = lowering.constant(node, index)
    return None if given is None else [int(number) for number in given.reshape(-1)]
