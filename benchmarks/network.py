"""A VGG16BN-shaped ONNX model with synthetic weights: 14.7 million, 90 % zeros, 32 k-means centroids a layer."""

import numpy as np
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from edgecompress.compress.cluster.algorithms.kmeans import kmeans

STAGES = [(64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)]
SPARSITY, CENTROIDS = 0.9, 32


def clustered(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Laplace weights: the smallest 90 % are zero, the others the nearest of 32 centroids, which float16 holds."""
    array = generator.laplace(size=shape).astype(np.float32) * np.float32(0.02)
    array[np.abs(array) <= np.quantile(np.abs(array), SPARSITY)] = 0
    flat = array.reshape(-1)
    kept = np.flatnonzero(flat)
    centroids = np.unique(kmeans(flat[kept], CENTROIDS).astype(np.float16)).astype(np.float32)
    flat[kept] = centroids[np.searchsorted((centroids[1:] + centroids[:-1]) / 2, flat[kept])]
    return array


def network(width: float = 1.0) -> tuple[ir.Model, dict[str, np.ndarray]]:
    """VGG16BN for 32x32 images with 10 classes, and its weights by name."""
    generator = np.random.default_rng(0)
    nodes, arrays, channels, x = [], {}, 3, "x"
    for number, (stage, filters) in enumerate((s, round(f * width)) for s, fs in enumerate(STAGES) for f in fs):
        name = f"features.{number}"
        arrays[f"{name}.weight"] = clustered((filters, channels, 3, 3), generator)
        for part in ("scale", "bias", "mean", "var"):
            arrays[f"{name}.bn.{part}"] = generator.uniform(0.5, 1.5, filters).astype(np.float32)
        nodes.append(helper.make_node("Conv", [x, f"{name}.weight"], [f"c{number}"], pads=[1] * 4, kernel_shape=[3, 3]))
        bn = [f"{name}.bn.{part}" for part in ("scale", "bias", "mean", "var")]
        nodes.append(helper.make_node("BatchNormalization", [f"c{number}", *bn], [f"b{number}"]))
        nodes.append(helper.make_node("Relu", [f"b{number}"], [f"r{number}"]))
        x, channels = f"r{number}", filters
        if number + 1 == sum(map(len, STAGES[: stage + 1])):
            pool = helper.make_node("MaxPool", [x], [f"p{number}"], kernel_shape=[2, 2], strides=[2, 2])
            nodes, x = [*nodes, pool], f"p{number}"
    arrays["classifier.weight"] = clustered((10, channels), generator)
    arrays["classifier.bias"] = generator.normal(size=10).astype(np.float32)
    nodes.append(helper.make_node("Flatten", [x], ["flat"]))
    gemm = ["flat", "classifier.weight", "classifier.bias"]
    nodes.append(helper.make_node("Gemm", gemm, ["logits"], transB=1))
    graph = helper.make_graph(
        nodes,
        "vgg16bn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)), arrays
