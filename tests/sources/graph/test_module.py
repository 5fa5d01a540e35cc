import copy
import gc
import weakref

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from onnx import helper as h
from onnx import numpy_helper as n
from torch import nn

from edgecompress.compress.layers import compressible
from edgecompress.errors import InputError
from edgecompress.recipe import load
from edgecompress.sources.graph.module import GraphModule, unknown, written


def model(nodes, weights, shape=(None, 4), outputs=("y",), kind=1, opset=18):
    dtype = h.tensor_dtype_to_np_dtype(kind)
    made = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info("x", kind, list(shape))],
        [h.make_tensor_value_info(name, kind, None) for name in outputs],
        [n.from_array(array.astype(dtype), name) for name, array in weights.items()],
    )
    proto = h.make_model(made, opset_imports=[h.make_opsetid("", opset)], ir_version=9)
    return ir.from_proto(proto)


def in_onnxruntime(graph, x):
    content = ir.to_proto(graph).SerializeToString()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def convolution():
    random = np.random.default_rng(0)
    nodes = [
        h.make_node("Conv", ["x", "stem.weight"], ["a"], strides=[2], pads=[0, 1], kernel_shape=[3]),
        h.make_node("BatchNormalization", ["a", "n.s", "n.b", "n.m", "n.v"], ["b"]),
        h.make_node("Relu", ["b"], ["c"]),
        h.make_node("GlobalAveragePool", ["c"], ["d"]),
        h.make_node("Flatten", ["d"], ["e"]),
        h.make_node("MatMul", ["e", "head"], ["f"]),
        h.make_node("Add", ["f", "head_bias"], ["y"]),
    ]
    weights = {
        "stem.weight": random.normal(size=(8, 2, 3)),
        "n.s": random.random(8) + 0.5,
        "n.b": random.normal(size=8),
        "n.m": random.normal(size=8),
        "n.v": random.random(8) + 0.5,
        "head": random.normal(size=(8, 5)),
        "head_bias": random.normal(size=5),
    }
    return model(nodes, weights, shape=(None, 2, 16)), random.normal(size=(6, 2, 16)).astype(np.float32)


def test_a_graph_computes_what_onnxruntime_does_and_has_layers_under_the_file_s_names():
    graph, x = convolution()
    module = GraphModule(graph).eval()
    np.testing.assert_allclose(module(torch.from_numpy(x)).detach().numpy(), in_onnxruntime(graph, x), atol=1e-5)
    assert list(compressible(module, load("any"))) == ["stem", "head"]
    assert isinstance(module.stem, nn.Conv1d)
    assert {"stem.weight", "head.weight", "head_bias"} <= dict(module.named_parameters()).keys()


def test_what_was_trained_is_in_the_graph_that_is_written_and_nothing_else_changed():
    graph, x = convolution()
    module = copy.deepcopy(GraphModule(graph)).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(torch.from_numpy(x)), torch.arange(6) % 5).backward()
        optimizer.step()
    changed = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == module.state_dict().keys()  # the statistics of BatchNorm too
    made = written(module)
    np.testing.assert_allclose(module.eval()(torch.from_numpy(x)).detach().numpy(), in_onnxruntime(made, x), atol=1e-5)
    assert [node.op_type for node in made.graph] == [node.op_type for node in graph.graph]
    assert made.graph.initializers["head"].const_value.shape == (8, 5)
    untouched = written(GraphModule(graph))
    for name, value in graph.graph.initializers.items():
        assert untouched.graph.initializers[name].const_value.tobytes() == value.const_value.tobytes()


def test_a_weight_that_two_nodes_share_is_one_and_stays_one():
    nodes = [h.make_node("Gemm", ["x", "w"], ["a"], transB=1), h.make_node("Relu", ["a"], ["b"]),
             h.make_node("Gemm", ["b", "w"], ["y"], transB=1)]  # fmt: skip
    module = GraphModule(model(nodes, {"w": np.random.default_rng(0).normal(size=(4, 4))}))
    weights = compressible(module, load("any"))
    assert len(weights) == 1
    assert sum(parameter.numel() for parameter in module.parameters()) == 16
    with torch.no_grad():
        next(iter(weights.values())).zero_()
    assert not torch.any(module(torch.randn(2, 4)))
    assert not np.any(written(module).graph.initializers["w"].const_value.numpy())


def test_the_file_s_weights_are_not_in_memory_beside_the_module_s():
    array = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    gone, before = weakref.ref(array), array.tobytes()
    graph = model([h.make_node("MatMul", ["x", "w"], ["y"])], {"w": array})
    graph.graph.initializers["w"].const_value = ir.Tensor(array, name="w")
    module = GraphModule(graph)
    del graph, array
    gc.collect()
    assert gone() is None
    assert written(module).graph.initializers["w"].const_value.tobytes() == before


def test_float16_is_trained_in_float32_and_written_as_float16():
    nodes = [h.make_node("MatMul", ["x", "w"], ["y"])]
    graph = model(nodes, {"w": np.eye(4)}, kind=10)
    module = GraphModule(graph)
    assert module(torch.ones(1, 4, dtype=torch.float16)).dtype == torch.float32
    assert written(module).graph.initializers["w"].const_value.dtype == ir.DataType.FLOAT16


def test_an_operator_that_is_not_known_leaves_layers_and_does_not_run():
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("Unique", ["a"], ["y"])]
    graph = model(nodes, {"w": np.eye(4)})
    module = GraphModule(graph)
    assert unknown(graph) == module.unknown == ["Unique"]
    assert list(compressible(module, load("any"))) == ["w"]
    with pytest.raises(InputError, match="Unique"):
        module(torch.ones(1, 4))


def test_a_node_that_fails_is_named():
    module = GraphModule(model([h.make_node("MatMul", ["x", "w"], ["y"])], {"w": np.eye(4)}))
    with pytest.raises(InputError, match="the node MatMul that makes 'y' fails"):
        module(torch.ones(1, 5))


@pytest.mark.parametrize("name", ["forward", "training", "a.b", "T_destination", "x:0", "a..b", "file", "steps.0", ""])
def test_any_name_of_a_weight_is_possible(name):
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("Add", ["a", "v"], ["y"])]
    graph = model(nodes, {"w": np.eye(4), "v": np.arange(4)})
    for old, new in (("w", name or "w"), ("v", f"{name}.weight" if name else "v")):
        value = graph.graph.initializers.pop(old)
        value.name = new
        graph.graph.register_initializer(value)
    module = GraphModule(graph)
    assert torch.equal(module(torch.ones(1, 4)), torch.tensor([[1.0, 2, 3, 4]]))
    assert len(module.state_dict()) == 2
