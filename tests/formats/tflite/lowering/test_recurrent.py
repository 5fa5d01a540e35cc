import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STEPS, BATCH, FEATURES, HIDDEN = 5, 2, 3, 4


def _weights(op, directions):
    random, rows = np.random.default_rng(3), GATES[op] * HIDDEN
    shapes = {"w": (rows, FEATURES), "r": (rows, HIDDEN), "b": (2 * rows,)}
    return {name: random.normal(0, 0.5, (directions, *shape)).astype(np.float32) for name, shape in shapes.items()}


def _model(onnx_model, op, directions=1, inputs=("x", "w", "r", "b"), shapes=None, constants=None, **attributes):
    # One series of outputs and states: what an ONNX output must be is whole, whichever are read.
    names = ["y", "h"] if op != "LSTM" else ["y", "h", "c"]
    node = helper.make_node(op, inputs, names, name="n", hidden_size=HIDDEN, **attributes)
    given = {"x": (STEPS, BATCH, FEATURES)} | (shapes or {})
    return onnx_model([node], given, _weights(op, directions) | (constants or {}), outputs=names)


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_all_outputs_in_every_direction(agree, onnx_model, op, direction):
    directions = 2 if direction == "bidirectional" else 1
    codes = agree(_model(onnx_model, op, directions, direction=direction))
    assert codes.count("FULLY_CONNECTED") >= directions * STEPS


@pytest.mark.parametrize("reset", [0, 1])
def test_the_reset_gate_of_a_gru_before_or_after_the_product(agree, onnx_model, reset):
    agree(_model(onnx_model, "GRU", linear_before_reset=reset))


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("computed", [True, False])
def test_states_to_begin_with(agree, onnx_model, op, computed):
    states = ["h0", "c0"] if op == "LSTM" else ["h0"]
    shape = (1, BATCH, HIDDEN)
    array = np.random.default_rng(5).normal(0, 1, shape).astype(np.float32)
    inputs = ["x", "w", "r", "b", "", *states]
    shapes = dict.fromkeys(states, shape) if computed else {}
    agree(_model(onnx_model, op, 1, inputs, shapes, {} if computed else dict.fromkeys(states, array)))


def test_a_relu_without_bias(agree, onnx_model):
    agree(_model(onnx_model, "RNN", 1, ["x", "w", "r"], activations=["Relu"]))


def test_weights_are_stored_once_under_their_names(onnx_model):
    graph = lower(ir.from_proto(_model(onnx_model, "LSTM")))
    heavy = [tensor.name for tensor, _ in graph.constants() if tensor.compressible]
    assert heavy == ["w", "r"]


@pytest.mark.parametrize(
    ("op", "attributes", "reason"),
    [
        ("LSTM", {"clip": 1.0}, "peepholes, clip and input_forget"),
        ("LSTM", {"activations": ["Tanh", "Tanh", "Tanh"]}, "only sigmoid, tanh, tanh are supported"),
        ("GRU", {"activations": ["Relu", "Tanh"]}, "only sigmoid, tanh are supported"),
    ],
)
def test_other_cells_are_refused(onnx_model, op, attributes, reason):
    with pytest.raises(InputError, match=f"cannot write {op} 'n' to TFLite: .*{reason}"):
        lower(ir.from_proto(_model(onnx_model, op, **attributes)))


def test_lengths_and_very_long_series_are_refused(onnx_model):
    lengths = {"n": np.array([5, 3], np.int32)}
    with pytest.raises(InputError, match="different lengths"):
        lower(ir.from_proto(_model(onnx_model, "LSTM", 1, ["x", "w", "r", "b", "n"], constants=lengths)))
    with pytest.raises(InputError, match="its 2000 steps"):
        lower(ir.from_proto(_model(onnx_model, "LSTM", shapes={"x": (2000, 1, FEATURES)})))
