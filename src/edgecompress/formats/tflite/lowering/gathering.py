"""Gather: elements at constant places, or rows of a constant table at computed ones."""

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.context import Lowering, Value, input_name, output_name, refused
from edgecompress.formats.tflite.lowering.joining import cut
from edgecompress.formats.tflite.lowering.shape import reshaped
from edgecompress.formats.tflite.lowering.views import View

_INTEGERS = ("int32", "int64")


def gather(node: ir.Node, lowering: Lowering) -> Value:
    """Gather along one axis: a SLICE where the places are constant and neighbours, else a GATHER."""
    axis = node.attributes.get_int("axis", 0)
    if node.inputs[0] not in lowering.values:
        return _rows(node, lowering, axis)
    value, name = lowering.value(node, kinds=()), output_name(node)
    rank = len(value.shape)
    if not -rank <= axis < rank:
        raise refused(node, f"its axis is {axis}, its input has {rank}")
    axis %= rank
    if node.inputs[1] in lowering.values:
        indices = lowering.value(node, 1, kinds=_INTEGERS)
        value = lowering.ordered(value, f"{name}/input", *range(rank))
        places = _wrapped(lowering, lowering.plain(indices, f"{name}/indices"), value.shape[axis], name)
        shape = (*value.shape[:axis], *indices.shape, *value.shape[axis + 1 :])
        tensor = lowering.emit("GATHER", [value.tensor, places], shape, name, axis=axis, batchDims=0)
        return Value(tensor, shape, views.plain(shape))
    given = lowering.constant(node, 1)
    if given is None or not given.size or given.min() < -value.shape[axis] or given.max() >= value.shape[axis]:
        raise refused(node, f"its places are not in axis {axis} of {value.shape}")
    numbers = given.reshape(-1) % value.shape[axis]
    taken = at(lowering, value, axis, [int(number) for number in numbers], name)
    return reshaped(taken, (*value.shape[:axis], *given.shape, *value.shape[axis + 1 :]))


def at(lowering: Lowering, value: Value, axis: int, numbers: list[int], name: str) -> Value:
    """The elements of ``value`` at ``numbers`` of its ``axis``."""
    first = numbers[0]
    if numbers == list(range(first, first + len(numbers))):
        return cut(lowering, value, {axis: (first, first + len(numbers))}, name)
    value, places = lowering.by_axes(value, f"{name}/input")
    place, factors = places[axis], list(value.view.factors)
    factors[value.view.order[place]] = len(numbers)
    view = View(tuple(factors), value.view.order)
    inputs = [value.tensor, lowering.integers(f"{name}/places", numbers)]
    shape = (*value.shape[:axis], len(numbers), *value.shape[axis + 1 :])
    return Value(lowering.emit("GATHER", inputs, view.shape, name, axis=place, batchDims=0), shape, view)


def _rows(node: ir.Node, lowering: Lowering, axis: int) -> Value:
    """Rows of a constant table, as embeddings are."""
    name, table = output_name(node), lowering.weight(node, 0)
    indices = lowering.value(node, 1, kinds=_INTEGERS)
    if table is None or not -table.ndim <= axis < table.ndim:
        raise refused(node, f"its axis {axis} is none of its table's")
    axis %= table.ndim
    parameter = lowering.parameter(input_name(node, 0), "", table, compressible=True)
    places = _wrapped(lowering, lowering.plain(indices, f"{name}/indices"), table.shape[axis], name)
    shape = (*table.shape[:axis], *indices.shape, *table.shape[axis + 1 :])
    tensor = lowering.emit("GATHER", [parameter, places], shape, name, axis=axis, batchDims=0, kind="float32")
    return Value(tensor, shape, views.plain(shape))


def _wrapped(lowering: Lowering, places: Tensor, size: int, name: str) -> Tensor:
    """ONNX counts negative places from the end; runtimes take them for an error."""
    sizes = lowering.parameter(f"{name}/size", places.kind, np.array([size], places.kind))
    return lowering.emit("FLOOR_MOD", [places, sizes], places.shape, f"{name}/places")
