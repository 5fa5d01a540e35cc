import numpy as np

from edgecompress.formats.tflite.graph import Tensor
from edgecompress.formats.tflite.lowering.cells import RecurrentCell, lstm_step
from edgecompress.formats.tflite.lowering.context import Lowering


def test_the_first_step_of_an_lstm_has_no_state_to_multiply():
    lowering = Lowering(opset=20)
    weight, bias = (Tensor(n, s, np.ones(s, np.float32)) for n, s in (("r", (16, 4)), ("b", (16,))))
    cell = RecurrentCell(lowering, "n", 1, 4, Tensor("x", (3, 16)), weight, bias)
    states = lstm_step(cell, 0, (None, None))
    first = [operator.code for operator in lowering.graph.operators]
    assert "FULLY_CONNECTED" not in first
    hidden, memory = lstm_step(cell, 1, states)
    assert [operator.code for operator in lowering.graph.operators[len(first) :]].count("FULLY_CONNECTED") == 1
    assert hidden.shape == memory.shape == (1, 4)
