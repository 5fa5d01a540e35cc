import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from onnx import helper as h
from onnx import numpy_helper as n
from torch import nn

from edgecompress.errors import InputError
from edgecompress.sources.alone import noise
from edgecompress.sources.onnx_file import onnx_file
from edgecompress.sources.signature import join, named

R = np.random.default_rng(0)
HIDDEN, STEPS = 5, 4


def save(path, nodes, inputs, outputs, **arrays):
    """``inputs`` and ``outputs``: shapes by name."""
    values = [[h.make_tensor_value_info(name, 1, shape) for name, shape in each.items()] for each in (inputs, outputs)]
    graph = h.make_graph(nodes, "g", *values, [n.from_array(np.asarray(array), name) for name, array in arrays.items()])
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=8), path)


def weights(*shape):
    return R.standard_normal(shape).astype(np.float32)


def flattened(path, batch=1, to=(1, 6), **attributes):
    """As torch.onnx.export writes torch.flatten(x, 1) of one sample."""
    nodes = [h.make_node("Reshape", ["x", "to"], ["a"], **attributes), h.make_node("MatMul", ["a", "w"], ["y"])]
    save(path, nodes, {"x": [batch, 2, 3]}, {"y": [batch, 4]}, to=np.array(to), w=weights(6, 4))


def several_in_a_row(path):
    nodes = [
        h.make_node("Reshape", ["x", "rows"], ["a"]), h.make_node("MatMul", ["a", "w"], ["b"]),
        h.make_node("Reshape", ["b", "back"], ["y"]),
    ]  # fmt: skip
    arrays = {"rows": np.array([-1, 3]), "back": np.array([1, 2, 4]), "w": weights(3, 4)}
    save(path, nodes, {"x": [1, 2, 3]}, {"y": [1, 2, 4]}, **arrays)


def biased(path):
    """A Reshape that begins with 1 and is of a weight, not of samples."""
    nodes = [
        h.make_node("Reshape", ["b", "to"], ["c"]), h.make_node("Conv", ["x", "k"], ["a"]),
        h.make_node("Add", ["a", "c"], ["d"]), h.make_node("Reshape", ["d", "flat"], ["y"]),
    ]  # fmt: skip
    arrays = {"b": weights(4), "k": weights(4, 2, 3, 3), "to": np.array([1, -1, 1, 1]), "flat": np.array([1, -1])}
    save(path, nodes, {"x": [1, 2, 5, 5]}, {"y": [1, 36]}, **arrays)


def shuffled(path, batch=1):
    nodes = [
        h.make_node("Conv", ["x", "k"], ["a"], pads=[1] * 4), h.make_node("Reshape", ["a", "split"], ["b"]),
        h.make_node("Transpose", ["b"], ["c"], perm=[1, 0, 2]), h.make_node("Reshape", ["c", "joined"], ["d"]),
        h.make_node("Conv", ["d", "k"], ["y"], pads=[1] * 4),
    ]  # fmt: skip
    arrays = {"k": weights(4, 4, 3, 3), "split": np.array([2, 2, 36]), "joined": np.array([1, 4, 6, 6])}
    save(path, nodes, {"x": [batch, 4, 6, 6]}, {"y": [batch, 4, 6, 6]}, **arrays)


def token(path):
    """As a vision transformer's class token is written: without a batch to be expanded to."""
    nodes = [h.make_node("Concat", ["t", "x"], ["a"], axis=1), h.make_node("MatMul", ["a", "w"], ["y"])]
    save(path, nodes, {"x": [1, 2, 3]}, {"y": [1, 3, 4]}, t=weights(1, 1, 3), w=weights(3, 4))


def averaged(path):
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("ReduceMean", ["a", "axes"], ["y"], keepdims=1)]
    save(path, nodes, {"x": [1, 2, 3]}, {"y": [1, 2, 4]}, w=weights(3, 4), axes=np.array([0]))


def normalised(path):
    nodes = [
        h.make_node("BatchNormalization", ["x", "s", "b", "m", "v"], ["a"]),
        h.make_node("Squeeze", ["a", "axes"], ["c"]), h.make_node("MatMul", ["c", "w"], ["y"]),
    ]  # fmt: skip
    arrays = {"s": weights(2), "b": weights(2), "m": weights(2), "v": np.ones(2, np.float32), "axes": np.array([0])}
    save(path, nodes, {"x": [1, 2, 3]}, {"y": [2, 4]}, w=weights(3, 4), **arrays)


def recurrent(path, state):
    """An LSTM over (steps, batch, features), with its state as inputs and outputs, or as zeros of one sample."""
    given = {"h0": [1, 1, HIDDEN], "c0": [1, 1, HIDDEN]}
    nodes = [
        h.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        h.make_node("LSTM", ["t", "w", "r", "", "", "h0", "c0"], ["s", "hn", "cn"], hidden_size=HIDDEN),
        h.make_node("Squeeze", ["s", "axes"], ["q"]), h.make_node("Transpose", ["q"], ["u"], perm=[1, 0, 2]),
        h.make_node("MatMul", ["u", "l"], ["y"]),
    ]  # fmt: skip
    arrays = {"w": weights(1, 4 * HIDDEN, 3), "r": weights(1, 4 * HIDDEN, HIDDEN), "l": weights(HIDDEN, 2),
              "axes": np.array([1])}  # fmt: skip
    if not state:
        arrays |= {name: np.zeros(shape, np.float32) for name, shape in given.items()}
    signature = {"hn": [1, 1, HIDDEN], "cn": [1, 1, HIDDEN]} if state else {}
    inputs = {"x": [1, STEPS, 3], **(given if state else {})}
    save(path, nodes, inputs, {"y": [1, STEPS, 2], **signature}, **arrays)


def two_layers(path, batch=1):
    """A state whose first axis is the layers."""
    nodes = [
        h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("ReduceSum", ["h", "axes"], ["b"], keepdims=0),
        h.make_node("Add", ["a", "b"], ["y"]), h.make_node("Mul", ["h", "half"], ["hn"]),
    ]  # fmt: skip
    arrays = {"w": weights(3, 4), "axes": np.array([0]), "half": np.array([0.5], np.float32)}
    save(path, nodes, {"x": [batch, 3], "h": [2, batch, 4]}, {"y": [batch, 4], "hn": [2, batch, 4]}, **arrays)


def check(path):
    """Several samples at once give what plain onnxruntime gives of each alone."""
    model = onnx_file(path, ())
    assert model.why_not_run is None
    remove = join(model.module, model.signature)
    given = noise(model.signature.inputs, 3)
    rows = given[0] if model.signature.plain else torch.cat([each.reshape(3, -1) for each in given], 1)
    with torch.no_grad():
        said = named(model.module(rows).numpy(), model.signature)
    remove()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for number in range(3):
        feed = {
            end.name: (each[number] if end.name in model.signature.whole else each[number : number + 1]).numpy()
            for end, each in zip(model.signature.inputs, given, strict=True)
        }
        for name, wanted in zip(said, session.run(None, feed), strict=True):
            made = said[name][number] if name in model.signature.whole else said[name][number : number + 1]
            np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-5)
    return model


@pytest.mark.parametrize(
    "write",
    [
        flattened, lambda path: flattened(path, allowzero=1), lambda path: flattened(path, to=(1, -1)),
        lambda path: flattened(path, to=(-1, 6)), several_in_a_row, biased,
    ],
)  # fmt: skip
def test_a_batch_in_a_reshape_becomes_free(tmp_path, write):
    write(tmp_path / "m.onnx")
    model = check(tmp_path / "m.onnx")
    assert not model.one_by_one
    assert not isinstance(model.graph(model.module).graph.inputs[0].shape[0], int)


@pytest.mark.parametrize(
    ("write", "whole"),
    [
        (shuffled, set()), (lambda path: shuffled(path, "batch"), set()), (token, set()), (averaged, set()),
        (normalised, {"y"}), (lambda path: recurrent(path, state=False), set()),
        (lambda path: recurrent(path, state=True), set()), (two_layers, {"h", "hn"}),
        (lambda path: two_layers(path, "batch"), {"h", "hn"}), (lambda path: flattened(path, 3, (1, 18)), None),
    ],
)  # fmt: skip
def test_otherwise_the_file_stays_and_samples_go_one_by_one(tmp_path, write, whole):
    if whole is None:
        save(
            tmp_path / "m.onnx", [h.make_node("Reshape", ["x", "to"], ["a"]), h.make_node("MatMul", ["a", "w"], ["y"])],
            {"x": [3, 2, 3]}, {"y": [1, 4]}, to=np.array([1, 18]), w=weights(18, 4),
        )  # fmt: skip
        whole = {"x"}
    else:
        write(tmp_path / "m.onnx")
    model = check(tmp_path / "m.onnx")
    assert model.one_by_one
    assert model.signature.whole == whole
    assert not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.module.modules())
    kept, given = model.graph(model.module), onnx.load(tmp_path / "m.onnx")
    for value, before in zip(kept.graph.inputs, given.graph.input, strict=True):
        assert list(value.shape) == [dim.dim_value or 1 for dim in before.type.tensor_type.shape.dim]
    model.module.train()(*noise(model.signature.inputs, 2))  # samples go one by one where it trains too


def test_an_operator_that_pytorch_has_not_is_tried_in_onnxruntime(tmp_path):
    for to, one_by_one in ((np.array([1, 3, 3]), False), (np.array([3, 1, 3]), True)):
        nodes = [
            h.make_node("MatMul", ["x", "w"], ["f"]), h.make_node("Reshape", ["f", "to"], ["a"]),
            h.make_node("Reshape", ["a", "square"], ["b"]), h.make_node("Det", ["b"], ["y"]),
        ]  # fmt: skip
        arrays = {"to": to, "square": np.array([1, 3, 3]), "w": weights(9, 9)}
        save(tmp_path / "m.onnx", nodes, {"x": [1, 9]}, {"y": [1]}, **arrays)
        model = onnx_file(tmp_path / "m.onnx", ())
        assert model.why_not_run == "Det cannot be run in PyTorch here"
        assert model.one_by_one == one_by_one


def test_a_graph_that_loads_only_as_it_is_stays_that_also_where_pytorch_does_not_run_it(tmp_path):
    nodes = [
        h.make_node("MatMul", ["x", "w"], ["f"]), h.make_node("Reshape", ["f", "rows"], ["a"]),
        h.make_node("Reshape", ["a", "joined"], ["b"]), h.make_node("Reshape", ["b", "square"], ["c"]),
        h.make_node("Det", ["c"], ["y"]),
    ]  # fmt: skip
    arrays = {"rows": np.array([3, 3]), "joined": np.array([1, -1, 9]), "square": np.array([1, 3, 3])}
    save(tmp_path / "m.onnx", nodes, {"x": [1, 9]}, {"y": [1]}, **arrays, w=weights(9, 9))
    model = onnx_file(tmp_path / "m.onnx", ())
    assert model.why_not_run == "Det cannot be run in PyTorch here"
    assert model.one_by_one
    kept = ir.to_proto(model.graph(model.module))
    x = weights(1, 9)
    expected, found = (
        onnxruntime.InferenceSession(each).run(None, {"x": x})[0]
        for each in (tmp_path / "m.onnx", kept.SerializeToString())
    )
    assert np.array_equal(expected, found)


def test_a_free_size_beside_the_batch_is_asked_for_as_the_file_has_it(tmp_path):
    nodes = [h.make_node("MatMul", ["x", "w"], ["y"])]
    save(tmp_path / "m.onnx", nodes, {"x": [4, "time", 3]}, {"y": [4, "time", 2]}, w=weights(3, 2))
    with pytest.raises(InputError, match=r"'x' has free sizes \['4', 'time', '3'\]"):
        onnx_file(tmp_path / "m.onnx", ())
