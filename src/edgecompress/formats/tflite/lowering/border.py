"""Pad: constant, reflected, or cut where it is negative."""

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.lowering.context import Lowering, Padded, Value, output_name, refused
from edgecompress.formats.tflite.lowering.joining import cut
from edgecompress.formats.tflite.lowering.shape import axes_of
from edgecompress.formats.tflite.lowering.views import View

_REFLECT = 0  # MirrorPadMode of the schema


def pad(node: ir.Node, lowering: Lowering) -> Value:
    """Pad with a constant (PAD, PADV2) or by reflection (MIRROR_PAD); constant amounts, negative ones cut."""
    value, name = lowering.value(node), output_name(node)
    mode = node.attributes.get_string("mode", "constant")
    if mode not in ("constant", "reflect"):
        raise refused(node, f"its mode is {mode}; only constant and reflect are supported")
    rank = len(value.shape)
    amounts = _amounts(node, lowering, rank)
    spans = {
        axis: (max(0, -before), size - max(0, -after))
        for axis, (size, (before, after)) in enumerate(zip(value.shape, amounts, strict=True))
        if min(before, after) < 0
    }
    if any(stop <= start for start, stop in spans.values()):
        raise refused(node, f"its pads {amounts} leave nothing of {value.shape}")
    if spans:
        value = cut(lowering, value, spans, f"{name}/cut")
    amounts = [(max(0, before), max(0, after)) for before, after in amounts]
    if not any(max(amount) for amount in amounts):
        return value
    value, places = lowering.by_axes(value, f"{name}/input")
    own, factors = [(0, 0)] * len(value.tensor.shape), list(value.view.factors)
    for axis, amount in enumerate(amounts):
        own[places[axis]] = amount
        factors[value.view.order[places[axis]]] += sum(amount)
    shape = tuple(size + sum(amount) for size, amount in zip(value.shape, amounts, strict=True))
    view = View(tuple(factors), value.view.order)
    inputs = [value.tensor, lowering.integers(f"{name}/amounts", own)]
    if mode == "reflect":
        if any(max(amount) >= size for size, amount in zip(value.shape, amounts, strict=True)):
            raise refused(node, f"it reflects {amounts} of {value.shape}, which is more than there is")
        return Value(lowering.emit("MIRROR_PAD", inputs, view.shape, name, mode=_REFLECT), shape, view)
    fill = _fill(node, lowering)
    if fill == 0:
        tensor = lowering.emit("PAD", inputs, view.shape, name)
        lowering.padded[node.outputs[0]] = Padded(value, tuple(amounts), lowering.graph.operators[-1])
        return Value(tensor, shape, view)
    filling = lowering.parameter(f"{name}/fill", "", np.array([fill], np.float32))
    return Value(lowering.emit("PADV2", [*inputs, filling], view.shape, name), shape, view)


def _amounts(node: ir.Node, lowering: Lowering, rank: int) -> list[tuple[int, int]]:
    """Before and after each axis: an attribute before opset 11, an input since."""
    given = lowering.constant(node, 1)
    pads = list(node.attributes.get_ints("pads", [])) if given is None else [int(size) for size in given.reshape(-1)]
    axes = axes_of(node, lowering, 3)
    axes = list(range(rank)) if axes is None else axes
    if len(pads) != 2 * len(axes) or any(not -rank <= axis < rank for axis in axes):
        raise refused(node, f"its pads {pads} do not fit {rank} axes")
    found = [(0, 0)] * rank
    for number, axis in enumerate(axes):
        found[axis] = (pads[number], pads[number + len(axes)])
    return found


def _fill(node: ir.Node, lowering: Lowering) -> float:
    if "value" in node.attributes:
        return node.attributes.get_float("value")
    given = lowering.constant(node, 2)
    return 0.0 if given is None or not given.size else float(given.reshape(-1)[0])
