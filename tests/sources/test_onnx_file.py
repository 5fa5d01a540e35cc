import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper as h
from onnx import numpy_helper as n

from edgecompress.errors import InputError
from edgecompress.sources.onnx_file import onnx_file, read
from edgecompress.sources.read import inputs_of

W = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def save(path, nodes, shape=(1, 2, 3), weights=None, opset=18, domains=(), outputs=("y",)):
    graph = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info("x", 1, list(shape))],
        [h.make_tensor_value_info(name, 1, None) for name in outputs],
        [n.from_array(np.asarray(array), name) for name, array in (weights or {"w": W}).items()],
    )
    opsets = [h.make_opsetid("", opset), *(h.make_opsetid(domain, 1) for domain in domains)]
    onnx.save(h.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def flattened(path, **options):
    nodes = [h.make_node("Reshape", ["x", "to"], ["a"]), h.make_node("MatMul", ["a", "w"], ["y"])]
    return save(path, nodes, weights={"w": W, "to": np.array([1, 6])}, **options)


def test_a_fixed_batch_becomes_free_and_the_file_s_answers_stay(tmp_path):
    model = onnx_file(flattened(tmp_path / "m.onnx"), ())
    assert model.why_not_run is None
    x = torch.randn(5, 2, 3)
    wanted = [
        onnxruntime.InferenceSession(tmp_path / "m.onnx").run(None, {"x": x[i : i + 1].numpy()})[0] for i in range(5)
    ]
    np.testing.assert_allclose(model.module(x).detach().numpy(), np.concatenate(wanted), atol=1e-5)
    assert (model.signature.inputs[0].shape, model.signature.outputs[0].shape) == ([2, 3], [4])


def test_an_older_file_is_converted_and_constants_are_weights_too(tmp_path):
    constant = h.make_node("Constant", [], ["w"], value=n.from_array(W, "w"))
    nodes = [constant, h.make_node("Flatten", ["x"], ["a"]), h.make_node("MatMul", ["a", "w"], ["y"])]
    model = onnx_file(save(tmp_path / "m.onnx", nodes, weights={"unused": W}, opset=9), ())
    assert "w.weight" in model.module.state_dict()
    assert read(tmp_path / "m.onnx").opset_imports[""] >= 13


def test_an_operator_that_is_not_known_is_said_by_name(tmp_path):
    nodes = [h.make_node("Flatten", ["x"], ["a"]), h.make_node("MatMul", ["a", "w"], ["b"]),
             h.make_node("Det", ["b"], ["y"])]  # fmt: skip
    assert onnx_file(save(tmp_path / "m.onnx", nodes), ()).why_not_run == "Det cannot be run in PyTorch here"


def test_free_sizes_are_asked_for_and_given_ones_checked(tmp_path):
    nodes = [h.make_node("MatMul", ["x", "w"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, shape=("n", "time", 6))
    with pytest.raises(InputError, match=r"'x' has free sizes .*inputs.shapes"):
        onnx_file(path, ())
    assert onnx_file(path, inputs_of(["7x6"])).signature.outputs[0].shape == [7, 4]
    for shapes, message in ((["7x5"], "'x' has shape"), (["7x6", "2"], "has 2 shapes, the model has 1 inputs")):
        with pytest.raises(InputError, match=message):
            onnx_file(path, inputs_of(shapes))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([h.make_node("QuantizeLinear", ["x", "s"], ["a"]), h.make_node("DequantizeLinear", ["a", "s"], ["y"])],
         "quantised already"),
        ([h.make_node("Relu", ["x"], ["y"])], "has no weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_compressed_is_refused(tmp_path, nodes, message):
    with pytest.raises(InputError, match=message):
        onnx_file(save(tmp_path / "m.onnx", nodes, weights={"s": np.array(0.1, np.float32)}), ())


def test_a_file_that_was_packed_is_refused(tmp_path):
    from edgecompress.formats.onnx.pack import pack_onnx

    sparse = np.where(np.random.default_rng(0).random((64, 64)) < 0.9, 0, 0.5).astype(np.float32)
    path = save(tmp_path / "m.onnx", [h.make_node("MatMul", ["x", "w"], ["y"])], shape=("n", 64), weights={"w": sparse})
    pack_onnx(path, tmp_path / "packed.onnx")
    with pytest.raises(InputError, match="packed already"):
        onnx_file(tmp_path / "packed.onnx", ())
