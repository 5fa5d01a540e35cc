"""ReduceMean, ReduceMax and their like, the global pools, ArgMax and ArgMin."""

from functools import partial

import onnx_ir as ir

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused, renamed
from edgecompress.formats.tflite.lowering.shape import axes_of
from edgecompress.formats.tflite.lowering.views import View


def _reduce(code: str, before: str | None, after: str | None, node: ir.Node, lowering: Lowering) -> Value:
    """Over any axes, of all of them where none is named, each element ``before`` and each result ``after``."""
    value, name = lowering.value(node), output_name(node)
    rank = len(value.shape)
    given = axes_of(node, lowering)
    over_all = not node.attributes.get_int("noop_with_empty_axes", 0)
    axes = given or (list(range(rank)) if over_all else [])
    if any(not -rank <= axis < rank for axis in axes):
        raise refused(node, f"its axes {axes} are not axes of {value.shape}")
    keep = node.attributes.get_int("keepdims", 1) == 1
    if before is not None:
        value = renamed(value, lowering.emit(before, [value.tensor], value.tensor.shape, f"{name}/{before.lower()}"))
    last = name if after is None else f"{name}/{code.lower()}"
    if axes:
        value = reduced(lowering, value, code, {axis % rank for axis in axes}, last, keep=keep)
    if after is not None:
        value = renamed(value, lowering.emit(after, [value.tensor], value.tensor.shape, name))
    return value


reduce_mean = partial(_reduce, "MEAN", None, None)
reduce_sum = partial(_reduce, "SUM", None, None)
reduce_prod = partial(_reduce, "REDUCE_PROD", None, None)
reduce_max = partial(_reduce, "REDUCE_MAX", None, None)
reduce_min = partial(_reduce, "REDUCE_MIN", None, None)
reduce_l1 = partial(_reduce, "SUM", "ABS", None)
reduce_l2 = partial(_reduce, "SUM", "SQUARE", "SQRT")
reduce_sum_square = partial(_reduce, "SUM", "SQUARE", None)


def _global(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """Over all places, keeping the axes."""
    value = lowering.value(node)
    places = set(range(2, len(value.shape)))
    return reduced(lowering, value, code, places, output_name(node), keep=True)


global_average_pool, global_max_pool = partial(_global, "MEAN"), partial(_global, "REDUCE_MAX")


def _position(code: str, node: ir.Node, lowering: Lowering) -> Value:
    """The place of the largest or least element along one axis, the first of equals."""
    value, name = lowering.value(node), output_name(node)
    rank, axis = len(value.shape), node.attributes.get_int("axis", 0)
    if node.attributes.get_int("select_last_index", 0) or not -rank <= axis < rank:
        raise refused(node, "only an axis of its input, and the first of equal elements, are supported")
    axis %= rank
    # Runtimes agree on the last axis; some do not look at others.
    value = lowering.ordered(value, f"{name}/input", axis)
    place = lowering.integers(f"{name}/axis", [rank - 1])
    shape = value.tensor.shape[:-1]
    options = {"outputType": 4}  # INT64 of the schema, as ONNX's
    tensor = lowering.emit(code, [value.tensor, place], shape, name, kind="int64", **options)
    return _without(value, tensor, {axis}, keep=node.attributes.get_int("keepdims", 1) == 1)


arg_max, arg_min = partial(_position, "ARG_MAX"), partial(_position, "ARG_MIN")


def reduced(lowering: Lowering, value: Value, code: str, axes: set[int], name: str, *, keep: bool) -> Value:
    """``value`` reduced over its ``axes`` by the operator ``code``."""
    value, places = lowering.by_axes(value, f"{name}/input")
    own = {places[axis] for axis in axes}
    size = value.tensor.shape
    # The row that a sequence has beside its places goes with them: over both is the form that runtimes are fast at.
    if len(value.shape) == 3 and axes == {2} and len(size) == 4 and size[1] == 1 and own == {2}:
        own |= {1}
    numbers = lowering.integers(f"{name}/axes", sorted(own))
    if keep or len(size) != len(value.shape):
        kept = tuple(1 if axis in own else length for axis, length in enumerate(size))
        tensor = lowering.emit(code, [value.tensor, numbers], kept, name, keepDims=True)
        shape = tuple(1 if axis in axes else length for axis, length in enumerate(value.shape))
        factors = list(value.view.factors)
        for place in own:
            factors[value.view.order[place]] = 1
        result = Value(tensor, shape, View(tuple(factors), value.view.order))
        rest = tuple(length for axis, length in enumerate(value.shape) if axis not in axes)
        return result if keep else Value(tensor, rest, result.view)
    kept = tuple(length for axis, length in enumerate(size) if axis not in own)
    tensor = lowering.emit(code, [value.tensor, numbers], kept, name, keepDims=False)
    return _without(value, tensor, axes, keep=False)


def _without(value: Value, tensor: Tensor, axes: set[int], *, keep: bool) -> Value:
    """``tensor``, which has one axis for each of ``value`` but ``axes``."""
    rest = [axis for axis in range(len(value.shape)) if axis not in axes]
    order = tuple(rest.index(axis) for axis in value.view.order if axis in rest)
    sizes = tuple(value.shape[axis] for axis in rest)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(value.shape)) if keep else sizes
    return Value(tensor, shape, View(sizes, order))
