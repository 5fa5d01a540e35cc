"""One step of an LSTM, a GRU or an RNN as TFLite operators."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering.context import FUSED, NONE, Lowering

_PLAIN: dict[str, Any] = {FUSED: NONE}


@dataclass(frozen=True)
class RecurrentCell:
    """One direction of a recurrent layer: what its steps need.

    ``inputs`` is x W + b of all steps, (T * N, gates * H); ``recurrent`` the weight (gates * H, H) and its bias.
    """

    lowering: Lowering
    name: str
    batch: int
    hidden: int
    inputs: Tensor
    recurrent: Tensor
    bias: Tensor
    reset_first: bool = False
    activation: str = "TANH"

    def gates(self, step: int) -> Tensor:
        """The product x W, plus b, of one step, (N, gates * H)."""
        width = self.inputs.shape[1]
        return self.part(self.inputs, (step * self.batch, 0), (self.batch, width), f"{self.name}/x")

    def product(self, state: Tensor) -> Tensor:
        """The product h R, plus its bias, (N, gates * H)."""
        return self.layer(state, self.recurrent, self.bias)

    def layer(self, state: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """A FULLY_CONNECTED."""
        shape, options = (self.batch, weight.shape[0]), _PLAIN
        return self.lowering.emit("FULLY_CONNECTED", [state, weight, bias], shape, f"{self.name}/h", **options)

    def part(self, tensor: Tensor, begin: tuple[int, int], size: tuple[int, int], name: str) -> Tensor:
        """A SLICE; the tensor itself where it is all of it."""
        if size == tensor.shape:
            return tensor
        integers = self.lowering.integers
        return self.lowering.emit(
            "SLICE", [tensor, integers(f"{self.name}/begin", begin), integers(f"{self.name}/size", size)], size, name
        )

    def columns(self, tensor: Tensor, first: int, count: int = 1) -> Tensor:
        """The gates from ``first`` on."""
        return self.part(tensor, (0, first * self.hidden), (self.batch, count * self.hidden), f"{self.name}/gates")

    def apply(self, code: str, *tensors: Tensor) -> Tensor:
        """An operator on each element."""
        options = _PLAIN if code in ("ADD", "SUB", "MUL") else {}
        return self.lowering.emit(code, list(tensors), tensors[0].shape, f"{self.name}/{code.lower()}", **options)


States = tuple[Tensor | None, ...]
Step = Callable[[RecurrentCell, int, States], States]


def lstm_step(cell: RecurrentCell, step: int, states: States) -> States:
    """The states after a step of an LSTM; gates in ONNX's order: input, output, forget, cell."""
    hidden, memory = states
    gates = cell.gates(step)
    gates = gates if hidden is None else cell.apply("ADD", gates, cell.product(hidden))
    bounded = cell.apply("LOGISTIC", cell.columns(gates, 0, 3))
    candidate = cell.apply("TANH", cell.columns(gates, 3))
    opened, shown, kept = (cell.columns(bounded, place) for place in range(3))
    fresh = cell.apply("MUL", opened, candidate)
    memory = fresh if memory is None else cell.apply("ADD", cell.apply("MUL", kept, memory), fresh)
    return cell.apply("MUL", shown, cell.apply("TANH", memory)), memory


def gru_step(cell: RecurrentCell, step: int, states: States) -> States:
    """The state after a step of a GRU; gates in ONNX's order: update, reset, hidden."""
    (hidden,) = states
    assert hidden is not None, "a GRU begins with a state, of zeros if need be"
    gates = cell.gates(step)
    if cell.reset_first:
        parts = [_rows(cell, start, count) for start, count in ((0, 2), (2, 1))]
        before = cell.apply("ADD", cell.columns(gates, 0, 2), cell.layer(hidden, *parts[0]))
        update, reset = _two(cell, cell.apply("LOGISTIC", before))
        product = cell.layer(cell.apply("MUL", reset, hidden), *parts[1])
    else:
        recurrent = cell.product(hidden)
        before = cell.apply("ADD", cell.columns(gates, 0, 2), cell.columns(recurrent, 0, 2))
        update, reset = _two(cell, cell.apply("LOGISTIC", before))
        product = cell.apply("MUL", reset, cell.columns(recurrent, 2))
    candidate = cell.apply("TANH", cell.apply("ADD", cell.columns(gates, 2), product))
    # (1 - z) c + z h
    return (cell.apply("ADD", candidate, cell.apply("MUL", update, cell.apply("SUB", hidden, candidate))),)


def rnn_step(cell: RecurrentCell, step: int, states: States) -> States:
    """The state after a step of an RNN."""
    (hidden,) = states
    gates = cell.gates(step)
    return (cell.apply(cell.activation, gates if hidden is None else cell.apply("ADD", gates, cell.product(hidden))),)


def _two(cell: RecurrentCell, gates: Tensor) -> tuple[Tensor, Tensor]:
    return cell.columns(gates, 0), cell.columns(gates, 1)


def _rows(cell: RecurrentCell, start: int, count: int) -> tuple[Tensor, Tensor]:
    """The recurrent weight of some gates, and its bias."""
    rows = slice(start * cell.hidden, (start + count) * cell.hidden)
    made = []
    for tensor, heavy in ((cell.recurrent, True), (cell.bias, False)):
        assert tensor.data is not None
        name = f"{tensor.name}[{rows.start}:{rows.stop}]"
        made.append(cell.lowering.parameter(name, "", np.ascontiguousarray(tensor.data[rows]), compressible=heavy))
    return made[0], made[1]
