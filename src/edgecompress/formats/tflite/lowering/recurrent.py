"""LSTM, GRU and RNN, unrolled: one step after the other, each of a few operators.

TFLite's own sequence operators keep their state in the interpreter from one inference to the next, so the second
inference of a file would differ from the first unless whoever runs it resets them. A loop would keep XNNPACK out. So
each step is written: a file grows by about 1 KB a step, weights are stored once.
"""

from typing import Any

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray, Tensor
from edgecompress.formats.tflite.lowering import views
from edgecompress.formats.tflite.lowering.cells import RecurrentCell, States, Step, gru_step, lstm_step, rnn_step
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, Lowering, Value, input_name, output_name, refused
from edgecompress.formats.tflite.lowering.shape import turned

_MOST_STEPS = 1024
_STATES = 2  # of an LSTM: hidden and cell


def lstm(node: ir.Node, lowering: Lowering) -> tuple[Value, ...]:
    """LSTM without peepholes (Hochreiter and Schmidhuber 1997); default activations, constant weights, no lengths."""
    return _layer(node, lowering, 4, lstm_step, states=_STATES)


def gru(node: ir.Node, lowering: Lowering) -> tuple[Value, ...]:
    """GRU (Cho et al. 2014), the reset gate before or after the product; default activations, constant weights."""
    return _layer(node, lowering, 3, gru_step, states=1)


def rnn(node: ir.Node, lowering: Lowering) -> tuple[Value, ...]:
    """RNN of Tanh or Relu; constant weights, no lengths."""
    return _layer(node, lowering, 1, rnn_step, states=1)


def _layer(node: ir.Node, lowering: Lowering, gates: int, step: Step, *, states: int) -> tuple[Value, ...]:
    """All directions and steps: the outputs Y, Y_h and, of an LSTM, Y_c."""
    value, name = lowering.value(node), output_name(node)
    if node.attributes.get_int("layout", 0) == 1 and len(value.shape) == 3:
        value = turned(value, (1, 0, 2), lowering, name)
    weight, recurrent = lowering.weight(node, 1), lowering.weight(node, 2)
    if weight is None or recurrent is None or weight.ndim != 3 or len(value.shape) != 3:
        raise refused(node, "its input must be (steps, batch, features), its weights constants of three axes")
    length, batch, _ = value.shape
    directions, hidden = weight.shape[0], recurrent.shape[2]
    activation = _check(node, lowering, value, gates, weight, recurrent)
    rows = lowering.reshape(lowering.plain(value, f"{name}/input"), (length * batch, value.shape[2]), f"{name}/rows")
    outputs: list[list[Tensor]] = []
    lasts: list[States] = []
    for direction in range(directions):
        backwards = direction == 1 or node.attributes.get_string("direction", "forward") == "reverse"
        cell = _cell(node, lowering, rows, weight, recurrent, direction, batch, activation)
        current = _first(node, lowering, direction, states, batch, hidden, zeros=step is gru_step)
        made: list[Tensor] = []
        for place in reversed(range(length)) if backwards else range(length):
            current = step(cell, place, current)
            assert current[0] is not None
            made.append(current[0])
        outputs.append(made[::-1] if backwards else made)
        lasts.append(current)
    found: list[Value | None] = [_sequence(lowering, outputs, batch, hidden, name)] if _is_read(node, 0) else [None]
    for number in range(states):
        if _is_read(node, number + 1):
            last = [state[number] for state in lasts]
            found.append(_stacked(lowering, [tensor for tensor in last if tensor is not None], batch, hidden, name))
        else:
            found.append(None)
    rank = [(2, 0, 1, 3), (1, 0, 2), (1, 0, 2)]
    if node.attributes.get_int("layout", 0) == 1:
        found = [
            None if each is None else turned(each, order, lowering, name)
            for each, order in zip(found, rank, strict=False)
        ]
    # What nothing reads has no tensor; the place in the node's outputs stays.
    nothing = Value(rows, rows.shape, views.plain(rows.shape))
    return tuple(nothing if each is None else each for each in found)


def _cell(
    node: ir.Node,
    lowering: Lowering,
    rows: Tensor,
    weight: FloatArray,
    recurrent: FloatArray,
    direction: int,
    batch: int,
    activation: str,
) -> RecurrentCell:
    """The products of all inputs at once, and what the steps share."""
    name, hidden = output_name(node), recurrent.shape[2]
    width = weight.shape[1]
    given = lowering.weight(node, 3)
    both = np.zeros(2 * width, np.float32) if given is None else given[direction]
    own, other = both[:width].copy(), both[width:].copy()
    linear_after = node.op_type == "GRU" and node.attributes.get_int("linear_before_reset", 0) == 1
    if node.op_type == "GRU" and linear_after:
        # The reset gate multiplies the recurrent product with its bias: that of the hidden gate stays apart.
        own[: 2 * hidden] += other[: 2 * hidden]
        other[: 2 * hidden] = 0
    else:
        own += other
        other[:] = 0
    end = f"/{direction}" if weight.shape[0] > 1 else ""

    def constant(index: int, array: FloatArray, *, heavy: bool) -> Tensor:
        return lowering.parameter(input_name(node, index) + end, str(index), array, compressible=heavy)

    matrix = constant(1, np.ascontiguousarray(weight[direction]), heavy=True)
    bias = lowering.parameter(f"{name}/bias{end}", "inputs", own)
    shape = (rows.shape[0], width)
    options: dict[str, Any] = {FUSED: NONE}
    inputs = lowering.emit("FULLY_CONNECTED", [rows, matrix, bias], shape, f"{name}/inputs", **options)
    return RecurrentCell(
        lowering,
        name,
        batch,
        hidden,
        inputs,
        constant(2, np.ascontiguousarray(recurrent[direction]), heavy=True),
        lowering.parameter(f"{name}/recurrent_bias{end}", "recurrent", other),
        reset_first=not linear_after,
        activation=activation,
    )


def _first(
    node: ir.Node, lowering: Lowering, direction: int, states: int, batch: int, hidden: int, *, zeros: bool
) -> States:
    """The states before the first step; None for zeros that need not be written."""
    found: list[Tensor | None] = []
    name = output_name(node)
    for index in range(5, 5 + states):
        given = node.inputs[index] if index < len(node.inputs) else None
        if given is not None and given in lowering.values:
            value = lowering.value(node, index)
            if node.attributes.get_int("layout", 0) == 1:
                value = turned(value, (1, 0, 2), lowering, name)
            tensor = lowering.plain(value, f"{name}/initial{index}")
            begin, size = (
                lowering.integers(f"{name}/initial", each) for each in ([direction, 0, 0], [1, batch, hidden])
            )
            picked = tensor
            if tensor.shape[0] > 1:
                picked = lowering.emit("SLICE", [tensor, begin, size], (1, batch, hidden), f"{name}/initial{index}")
            found.append(lowering.reshape(picked, (batch, hidden), f"{name}/initial{index}/flat"))
            continue
        array = lowering.weight(node, index)
        if array is not None and node.attributes.get_int("layout", 0) == 1:
            array = array.transpose(1, 0, 2)
        start = np.zeros((batch, hidden), np.float32)
        if array is not None:
            start = np.ascontiguousarray(np.broadcast_to(array[direction], start.shape))
        needed = zeros or start.any()
        found.append(lowering.parameter(f"{name}/initial{index}/{direction}", "", start) if needed else None)
    return tuple(found)


def _sequence(lowering: Lowering, outputs: list[list[Tensor]], batch: int, hidden: int, name: str) -> Value:
    """Y (steps, directions, batch, hidden) of the outputs of each direction."""
    length, directions = len(outputs[0]), len(outputs)
    rows = [tensor for step in zip(*outputs, strict=True) for tensor in step]
    tensor = _concatenated(lowering, rows, name)
    shape = (length, directions, batch, hidden)
    return Value(lowering.reshape(tensor, shape, name), shape, views.plain(shape))


def _stacked(lowering: Lowering, tensors: list[Tensor], batch: int, hidden: int, name: str) -> Value:
    """(directions, batch, hidden) of the last state of each direction."""
    shape = (len(tensors), batch, hidden)
    tensor = _concatenated(lowering, tensors, f"{name}/last")
    return Value(tensor, shape, views.plain(tensor.shape))


def _concatenated(lowering: Lowering, tensors: list[Tensor], name: str) -> Tensor:
    if len(tensors) == 1:
        return tensors[0]
    shape = (sum(tensor.shape[0] for tensor in tensors), tensors[0].shape[1])
    return lowering.emit("CONCATENATION", tensors, shape, f"{name}/all", axis=0)


def _is_read(node: ir.Node, index: int) -> bool:
    if index >= len(node.outputs):
        return False
    return bool(node.outputs[index].uses()) or node.outputs[index].is_graph_output()


def _check(
    node: ir.Node, lowering: Lowering, value: Value, gates: int, weight: FloatArray, recurrent: FloatArray
) -> str:
    """Refuse what the steps do not do; the activation of an RNN as an operator."""
    length, _, features = value.shape
    hidden = recurrent.shape[2]
    if weight.shape[1:] != (gates * hidden, features) or recurrent.shape[1:] != (gates * hidden, hidden):
        raise refused(node, f"its weights {weight.shape} and {recurrent.shape} do not fit {features} features")
    if length > _MOST_STEPS:
        raise refused(node, f"its {length} steps are written one by one, and more than {_MOST_STEPS} are too many")
    lengths = lowering.constant(node, 4)
    if lengths is not None and lengths.size and (lengths != length).any():
        raise refused(node, "sequences of different lengths are not supported; run each in its own length")
    coupled: int = node.attributes.get_int("input_forget", 0)
    if lowering.constant(node, 7) is not None or coupled or "clip" in node.attributes:
        raise refused(node, "peepholes, clip and input_forget are not supported")
    default = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}[node.op_type]
    given = (
        tuple(str(text).lower() for text in node.attributes.get_strings("activations", [])) or default * weight.shape[0]
    )
    if node.op_type == "RNN" and set(given) in ({"tanh"}, {"relu"}):
        return given[0].upper()
    if given != default * weight.shape[0]:
        raise refused(node, f"its activations are {', '.join(given)}; only {', '.join(default)} are supported")
    return "TANH"
