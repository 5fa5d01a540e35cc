"""VGG16BN-shaped weights, 90 % zeros, 32 centroids a layer, stored dense, as float16 + Cast, and encoded; all as ONNX.

One table: bytes, ratio to the entropy bound, load time, latency ratio to the dense file, whether the weights are exact.
The weights are synthetic (Laplace), so nothing here speaks of accuracy. Run it alone on the machine:

    python benchmarks/encode.py [--threads 1] [--width 1.0]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx_ir as ir
from onnx import TensorProto, helper, numpy_helper

from edgecompress.export.decoded import decoded_weights
from edgecompress.export.formats.onnx import onnx as write
from edgecompress.export.verify import LatencyCheck, compare_latency

STAGES = [(64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)]
SPARSITY, CENTROIDS = 0.9, 32


def clustered(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Laplace weights: the smallest 90 % set to zero, the others moved to the centres of 32 equally filled bins."""
    array = generator.laplace(size=shape).astype(np.float32) * np.float32(0.02)
    array[np.abs(array) <= np.quantile(np.abs(array), SPARSITY)] = 0
    kept = np.flatnonzero(array)
    flat = array.reshape(-1)
    bins = np.array_split(kept[np.argsort(flat[kept])], CENTROIDS)
    for members in bins:
        flat[members] = np.float16(flat[members].mean())
    return array


def network(width: float) -> tuple[ir.Model, dict[str, np.ndarray]]:
    """VGG16BN for 32x32 images with 10 classes, and the weights that are encoded."""
    generator = np.random.default_rng(0)
    nodes, arrays, channels, x = [], {}, 3, "x"
    for number, (stage, filters) in enumerate((s, round(f * width)) for s, fs in enumerate(STAGES) for f in fs):
        name = f"features.{number}"
        arrays[f"{name}.weight"] = clustered((filters, channels, 3, 3), generator)
        for part in ("scale", "bias", "mean", "var"):
            arrays[f"{name}.bn.{part}"] = generator.uniform(0.5, 1.5, filters).astype(np.float32)
        nodes.append(helper.make_node("Conv", [x, f"{name}.weight"], [f"c{number}"], pads=[1] * 4))
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
    nodes.append(
        helper.make_node("Gemm", ["flat", "classifier.weight", "classifier.bias"], ["logits"], transB=1, name="")
    )
    graph = helper.make_graph(
        nodes,
        "vgg16bn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return ir.from_proto(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)), arrays


def write_float16(model: ir.Model, path: Path) -> None:
    """The rival: every weight as float16 and a Cast."""
    proto = ir.to_proto(model)
    casts = []
    for tensor in proto.graph.initializer:
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(half)
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    del proto.graph.value_info[:]
    path.write_bytes(proto.SerializeToString())


def load_milliseconds(path: Path, threads: int) -> float:
    """The least of five times that onnxruntime takes to load the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    times = []
    for _ in range(5):
        start = time.perf_counter_ns()
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        times.append(time.perf_counter_ns() - start)
    return min(times) / 1e6


def latency(path: Path, dense: Path, threads: int) -> LatencyCheck:
    return compare_latency(path, dense, threads=threads, limit=float("1e9"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--width", type=float, default=1.0, help="factor on the number of channels")
    arguments = parser.parse_args()
    model, arrays = network(arguments.width)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.onnx" for name in ("dense", "float16", "encoded")}
        bound = write(model, files["dense"], compress=False).entropy_bytes
        write_float16(model, files["float16"])
        start = time.perf_counter()
        write(model, files["encoded"], compress=True)
        seconds = time.perf_counter() - start
        print(f"{sum(array.size for array in arrays.values()):,} parameters; entropy bound {bound:,} bytes;", end=" ")
        print(f"encoded, written and inspected in {seconds:.1f} s; threads {arguments.threads}\n")
        columns = f"{'bytes':>12}{'x smaller':>11}{'x bound':>9}{'load ms':>9}  {'latency ratio (95 %)':<22}exact"
        print(f"{'weights':<10}{columns}")
        sizes = {name: path.stat().st_size for name, path in files.items()}
        for name, path in files.items():
            ratio = latency(path, files["dense"], arguments.threads)
            decoded = decoded_weights(path)
            exact = all(decoded[key].tobytes() == array.tobytes() for key, array in arrays.items())
            print(
                f"{name:<10}{sizes[name]:>12,}{sizes['dense'] / sizes[name]:>11.2f}{sizes[name] / bound:>9.3f}"
                f"{load_milliseconds(path, arguments.threads):>9.0f}  "
                f"{f'{ratio.ratio:.3f} ({ratio.low:.3f} to {ratio.high:.3f})':<22}{'yes' if exact else 'no'}"
            )
            assert exact or name == "float16", f"{name} does not decode to the weights it was made from"
        assert sizes["encoded"] < sizes["float16"] < sizes["dense"]


if __name__ == "__main__":
    main()
