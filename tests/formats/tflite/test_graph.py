import numpy as np

from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator


def test_tensors_and_constants_come_once_in_order_of_use():
    x, w, y, z = (
        Tensor("x", (1, 2)),
        Tensor("w", (2,), np.ones(2, np.float32)),
        Tensor("y", (1, 2)),
        Tensor("z", (1, 2)),
    )
    graph = TfliteGraph([x], [z], [TfliteOperator("ADD", [x, w], y), TfliteOperator("ADD", [y, w], z)])
    assert list(graph.tensors()) == [x, w, y, z]
    assert [tensor for tensor, _ in graph.constants()] == [w]


def test_equal_names_are_numbered_and_inputs_and_outputs_keep_theirs():
    x, y = Tensor("x", (1, 2)), Tensor("y", (1, 2))
    first, second = Tensor("y", (2,), np.ones(2, np.float32)), Tensor("y", (2,), np.zeros(2, np.float32))
    middle = Tensor("x", (1, 2))
    graph = TfliteGraph(
        [x], [y], [TfliteOperator("ADD", [x, first], middle), TfliteOperator("ADD", [middle, second], y)]
    )
    graph.make_names_unique()
    assert [t.name for t in (x, y, first, middle, second)] == ["x", "y", "y/2", "x/2", "y/3"]
