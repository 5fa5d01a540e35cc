"""Small ONNX networks with weights of every kind, and ways to run them."""

from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.builder import Builder, NameScope


def clustered(shape, sparsity, values, seed=0):
    """Weights of ``values`` different numbers, of which a fraction ``sparsity`` is +0.0."""
    generator = np.random.default_rng(seed)
    array = generator.choice(generator.normal(size=values).astype(np.float32) * 0.1, shape)
    array[generator.random(shape) < sparsity] = 0
    return array.astype(np.float32)


def pruned(shape, sparsity, seed=0):
    """Weights that are all different but for the zeros."""
    generator = np.random.default_rng(seed)
    array = generator.normal(size=shape).astype(np.float32) * 0.1
    array[generator.random(shape) < sparsity] = 0
    return array


@pytest.fixture(scope="session")
def weights():
    """One weight for each encoding: mask, gaps, packed palette, pruned only, nothing to gain; and what stays raw."""
    generator = np.random.default_rng(5)
    return {
        "c1.weight": clustered((64, 3, 3, 3), 0.5, 30),
        "c2.weight": clustered((33, 64, 3, 3), 0.93, 20),
        "c3.weight": clustered((32, 33, 3, 3), 0.0, 30),
        "c4.weight": pruned((32, 32, 3, 3), 0.9),
        "fc.weight": generator.normal(size=(10, 32)).astype(np.float32),
        "fc.bias": generator.normal(size=10).astype(np.float32),
        "bn.weight": np.ones(32, np.float32),
        "bn.bias": np.zeros(32, np.float32),
        "bn.mean": np.zeros(32, np.float32),
        "bn.var": np.ones(32, np.float32),
    }


@pytest.fixture(scope="session")
def network(weights):
    """A function that makes a network of these weights: Conv, BatchNormalization, Relu, pool, Flatten, Gemm."""

    def make(opset=18, **replaced):
        def conv(x, name, y):
            return helper.make_node("Conv", [x, name], [y], pads=[1, 1, 1, 1])

        nodes = [
            conv("x", "c1.weight", "a"),
            helper.make_node("Relu", ["a"], ["b"]),
            conv("b", "c2.weight", "c"),
            conv("c", "c3.weight", "d"),
            helper.make_node("BatchNormalization", ["d", "bn.weight", "bn.bias", "bn.mean", "bn.var"], ["e"]),
            conv("e", "c4.weight", "f"),
            # The same weight twice: its decode subgraph must not be there twice.
            conv("f", "c4.weight", "g"),
            helper.make_node("GlobalAveragePool", ["g"], ["h"]),
            helper.make_node("Flatten", ["h"], ["i"]),
            helper.make_node("Gemm", ["i", "fc.weight", "fc.bias"], ["logits"], transB=1),
        ]
        graph = helper.make_graph(
            nodes,
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 9, 9])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
            [numpy_helper.from_array(array, name) for name, array in {**weights, **replaced}.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        return ir.from_proto(model)

    return make


@pytest.fixture(scope="session")
def samples():
    return np.random.default_rng(1).normal(size=(6, 3, 9, 9)).astype(np.float32)


@pytest.fixture(scope="session")
def run():
    """A function that runs an ONNX file in onnxruntime; it can save the graph that the runtime made of it."""
    import onnxruntime

    def run(path, x, *, level="ORT_ENABLE_BASIC", optimized: Path | None = None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        if optimized:
            options.optimized_model_filepath = str(optimized)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: x})[0]

    return run


@pytest.fixture(scope="session")
def evaluate():
    """A function that runs a decode subgraph alone: given a Builder, ``decoder`` returns the value to compute."""
    import onnxruntime

    def evaluate(decoder, opset=18):
        build = Builder(NameScope(set(), opset))
        output = decoder(build)
        graph = ir.Graph([], [output], nodes=build.nodes, initializers=build.initializers, opset_imports={"": opset})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        content = ir.to_proto(ir.Model(graph, ir_version=8)).SerializeToString()
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]).run(None, {})[0]

    return evaluate


@pytest.fixture
def taken():
    """A network that sparse inference takes, and its outputs."""
    import torch
    from torch import nn

    from edgecompress.export.verified import Reference
    from edgecompress.sources.to_onnx import to_onnx

    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 64, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(64, 5),
    ).eval()  # fmt: skip
    weight = layers[2].weight.data
    weight[weight.abs() <= weight.abs().flatten().kthvalue(int(0.9 * weight.numel())).values] = 0
    model = to_onnx(layers, (3, 40, 40))
    x = np.random.default_rng(0).normal(size=(8, 3, 40, 40)).astype(np.float32)
    with torch.no_grad():
        return model, Reference(x, layers(torch.from_numpy(x)).numpy(), None)
