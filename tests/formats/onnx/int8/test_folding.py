import numpy as np
import onnx_ir as ir
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from edgecompress.errors import CheckError
from edgecompress.formats.onnx.int8.folding import fold_batch_normalization
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.sources.to_onnx import to_onnx

STATISTICS = ("scale", "shift", "mean", "var")


def network(nodes, **arrays):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *arrays.pop("shape")])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8))


def statistics(channels, seed=0):
    random = np.random.default_rng(seed)
    made = {name: random.normal(size=channels) for name in STATISTICS}
    return {**made, "var": random.uniform(0.5, 2, channels)}


def norm(source, result):
    return helper.make_node("BatchNormalization", [source, *STATISTICS], [result])


def operators(model):
    return [node.op_type for node in model.graph]


@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_becomes_what_torch_makes_of_it(bias):
    torch.manual_seed(0)
    conv, normalization = nn.Conv2d(3, 4, 3, bias=bias), nn.BatchNorm2d(4)
    for tensor in normalization.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 2)
    with torch.no_grad():
        conv.weight[:, 1] = 0
        normalization.weight[2] = -1
    module = nn.Sequential(conv, normalization).eval()
    model = to_onnx(module, (3, 5, 5))
    fold_batch_normalization(model)
    assert operators(model) == ["Conv"]
    fused = fuse_conv_bn_eval(conv, normalization)
    weight, shift = (model.graph.initializers[name].const_value.numpy() for name in ("0.weight", "1.bias"))
    assert np.allclose(weight, fused.weight.detach(), rtol=1e-6, atol=0)
    assert np.allclose(shift, fused.bias.detach(), rtol=1e-5, atol=1e-6)
    assert not np.signbit(weight[weight == 0]).any()
    assert set(model.graph.initializers) <= {"0.weight", "1.bias", "0.bias"}


@pytest.mark.parametrize("transposed", [0, 1])
def test_a_matrix_is_folded_along_its_outputs(run, tmp_path, transposed):
    random = np.random.default_rng(1)
    matrix = random.normal(size=(4, 6) if transposed else (6, 4))
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["a"], transB=transposed), norm("a", "y")]
    model = network(nodes, shape=(6,), w=matrix, b=random.normal(size=4), **statistics(4))
    x = random.normal(size=(5, 6)).astype(np.float32)
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    write(model, before, compress=False)
    fold_batch_normalization(model)
    write(model, after, compress=False)
    assert operators(model) == ["Gemm"]
    assert np.allclose(run(str(before), x), run(str(after), x), atol=1e-5)


def test_what_cannot_be_folded_stays_and_shared_weights_serve_the_others_as_before(run, tmp_path):
    random = np.random.default_rng(2)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        norm("a", "b"),  # folded, into a copy of w
        helper.make_node("Conv", ["b", "w"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        norm("d", "e"),  # no layer before it
        helper.make_node("Conv", ["e", "w"], ["f"]),
        norm("f", "g"),  # its input is read twice
        helper.make_node("Add", ["f", "g"], ["y"]),
    ]
    model = network(nodes, shape=(3, 4, 4), w=random.normal(size=(3, 3, 1, 1)), **statistics(3))
    x = random.normal(size=(5, 3, 4, 4)).astype(np.float32)
    before, after = tmp_path / "before.onnx", tmp_path / "after.onnx"
    write(model, before, compress=False)
    fold_batch_normalization(model)
    write(model, after, compress=False)
    assert operators(model).count("BatchNormalization") == 2
    assert np.allclose(run(str(before), x), run(str(after), x), atol=1e-5)


def test_weights_that_folding_loses_or_makes_infinite_are_an_error():
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), norm("a", "y")]
    arrays = {"shape": (1, 2, 2), "w": np.ones((2, 1, 1, 1)), **statistics(2)}
    fold_batch_normalization(network(nodes, **{**arrays, "scale": [0, 1]}))  # such a channel does not read its weights
    with pytest.raises(CheckError, match="after 'w' changes its zeros"):
        fold_batch_normalization(network(nodes, **{**arrays, "w": np.full((2, 1, 1, 1), 1e-30), "scale": [1e-30, 1]}))
    with pytest.raises(CheckError, match="after 'w' makes weights infinite"):
        fold_batch_normalization(network(nodes, **{**arrays, "var": [-1, 1]}))
