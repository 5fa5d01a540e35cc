#!/usr/bin/env python3
"""Check on an onnxruntime release that compressed ONNX files compute what dense ones do, and decode at load.

Usage: python tools/check_runtimes.py make FOLDER     write the models, in this environment
       python tools/check_runtimes.py check FOLDER    load and run them; needs Python 3.9, NumPy and onnxruntime

``make`` writes one-purpose networks in every combination of coders, and small networks as ``build`` and ``pack`` write
them. ``check`` can be copied to any machine with the folder. It prints a line of JSON for each file and exits with 1 if
one fails. A compressed file fails if an output differs from the dense file's by a single bit, or if other nodes run
than for the dense file: what is not folded is decoded again at every inference. Without any optimisation the outputs
need only be the same up to rounding. A dense file fails if it computes something else than where it was made.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    import onnx
    import onnx_ir as ir

    Arrays = dict[str, npt.NDArray[Any]]

INDEX = "index.json"
FOLDING = ("ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL")
NOT_FOLDING = "ORT_DISABLE_ALL"
TOLERANCE = 1e-5
"""Of outputs that are summed in another order, relative to the largest: on another machine, or where weights that are
not folded are not packed for the processor either."""


# What runs anywhere: nothing but the standard library, NumPy and onnxruntime.


class Run(NamedTuple):
    """One inference: the outputs by name, and how many nodes of each operator ran."""

    outputs: Arrays
    operators: Counter[str]


def run(path: Path, level: str, inputs: Arrays) -> Run:
    """Load ``path`` at an optimisation level and run it once, with one thread and under the runtime's profiler."""
    import onnxruntime  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.log_severity_level = 3  # errors
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        outputs = dict(zip(names, session.run(names, inputs)))  # noqa: B905 (strict needs Python 3.10)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    ran = [event for event in events if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")]
    return Run(outputs, Counter(event["args"]["op_name"] for event in ran))


def check(folder: Path) -> bool:
    """Check every file of a folder that ``make`` wrote, one line each; whether all passed."""
    import onnxruntime  # type: ignore[import-untyped]

    about = {"onnxruntime": onnxruntime.__version__, "machine": platform.machine()}
    passed = True
    for dense, files in json.loads((folder / INDEX).read_text(encoding="utf-8")).items():
        with np.load(folder / f"{dense}.npz") as stored:
            inputs = {key[2:]: stored[key] for key in stored.files if key.startswith("x:")}
            outputs = {key[2:]: stored[key] for key in stored.files if key.startswith("y:")}
        levels = (*FOLDING, NOT_FOLDING)
        reference = {level: run(folder / f"{dense}.onnx", level, inputs) for level in levels}
        found = {dense: list(_far(NOT_FOLDING, reference[NOT_FOLDING].outputs, outputs))}
        for name in files:
            found[name] = [
                fault for level in levels for fault in _faults(folder / f"{name}.onnx", level, inputs, reference[level])
            ]
        for name, faults in found.items():
            passed &= not faults
            sys.stdout.write(json.dumps({"file": name, "passed": not faults, "faults": faults, **about}) + "\n")
        sys.stdout.flush()
    return passed


def _far(level: str, outputs: Arrays, expected: Arrays) -> Iterator[str]:
    """Where outputs are not what they should be but for rounding."""
    for name, array in expected.items():
        difference = float(np.abs(outputs[name] - array).max() / np.abs(array).max())
        if not difference <= TOLERANCE:
            yield f"{level}: output {name} differs by {difference:.1e}, relative"


def _faults(path: Path, level: str, inputs: Arrays, dense: Run) -> Iterator[str]:
    """Where a compressed file computes something else than the dense one, or decodes while it computes."""
    try:
        outputs, operators = run(path, level, inputs)
    except Exception as error:  # the runtime's own kinds differ from release to release
        yield f"{level}: {str(error).strip().splitlines()[0]}"
        return
    if level == NOT_FOLDING:
        yield from _far(level, outputs, dense.outputs)
        return
    if operators != dense.operators:
        more, fewer = dict(operators - dense.operators), dict(dense.operators - operators)
        yield f"{level}: not folded: runs {more} more and {fewer} fewer than the dense file"
    for name, array in dense.outputs.items():
        if outputs[name].tobytes() != array.tobytes():
            yield f"{level}: output {name} differs from the dense file's by up to {np.abs(outputs[name] - array).max()}"


# What makes the files, with edgecompress.


class Network(NamedTuple):
    """A network and what to feed it."""

    nodes: list[onnx.NodeProto]
    inputs: Arrays
    outputs: list[str]
    weights: Arrays


KERNELS = {1: (128, 5), 2: (96, 3), 3: (52, 3)}
"""For each number of dimensions, channels and width of kernels that make a tensor of more than 2**16 elements."""

GAPS = ("none", "rice0", "rice2", "escape4", "wavelet0", "wavelet3")
VALUES = {
    "palette": ("packed3", "packed8", "wavelet0", "wavelet1"),
    "float16": ("float16",),
    "float32": ("float32",),
}


def make(folder: Path) -> None:
    """Write all models, what the dense ones compute, and an index of which dense file each belongs to."""
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, list[str]] = {}
    for opset in (13, 18):
        for kind in VALUES:
            network = _shapes(kind)
            dense = _save(folder, f"{kind}-{opset}", _model(network, opset), network.inputs)
            index[dense] = [_coded(folder, dense, network, opset, kind, *coders) for coders in _combinations(kind)]
    for opset in (13, 18, 21):
        for name, network in {"alone": _alone(), "integers": _integers(), "halves": _halves(), "vgg": _vgg()}.items():
            dense = _save(folder, f"{name}-{opset}", _model(network, opset), network.inputs)
            index[dense] = _as_built(folder, dense)
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _combinations(kind: str) -> Iterator[tuple[str, str]]:
    for gaps in GAPS:
        for values in VALUES[kind]:
            if gaps != "none" or kind == "palette":  # what is neither sparse nor a palette is stored alone
                yield gaps, values


def _save(folder: Path, name: str, model: onnx.ModelProto, inputs: Arrays) -> str:
    """Write a dense model and, computed by the runtime here as the file says it, its outputs."""
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    stored: Arrays = {f"x:{key}": array for key, array in inputs.items()}
    stored |= {f"y:{key}": array for key, array in run(path, NOT_FOLDING, inputs).outputs.items()}
    np.savez(folder / f"{name}.npz", **stored)  # type: ignore[arg-type]
    return name


def _model(
    network: Network, opset: int, decoders: Iterable[ir.Node] = (), stored: Iterable[ir.Value] | None = None
) -> onnx.ModelProto:
    """The network with its weights as they are, or with the nodes and arrays that decode them."""
    import onnx_ir as ir
    from onnx import helper, numpy_helper

    graph = helper.make_graph(
        [*(ir.to_proto(node) for node in decoders), *network.nodes],
        "network",
        [_value_info(name, array.dtype, array.shape) for name, array in network.inputs.items()],
        [_value_info(name, np.dtype(np.float32), None) for name in network.outputs],
        [numpy_helper.from_array(array, name) for name, array in network.weights.items()]
        if stored is None
        else [ir.to_proto(value.const_value) for value in stored if value.const_value],
        value_info=[ir.to_proto(value) for node in decoders for value in node.outputs if value.type],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 21 else 10)


def _value_info(name: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _coded(folder: Path, dense: str, network: Network, opset: int, kind: str, gaps: str, values: str) -> str:
    """Write the network with its weights in streams of these coders; what has a palette after all, in packed bytes."""
    from edgecompress.encode import group
    from edgecompress.encode.group import Coder, Planned
    from edgecompress.encode.member import Member
    from edgecompress.encode.weights import Weights
    from edgecompress.export.onnx_graph.builder import Builder, Scope
    from edgecompress.export.onnx_graph.decoders import tensors

    def coder(name: str) -> Coder:
        kind = name if name.startswith("float") else name[:-1]
        return Coder(kind, 0 if name.startswith("float") else int(name[-1]))  # type: ignore[arg-type]

    members = [Member.of(name, Weights(array), sparse=gaps != "none") for name, array in network.weights.items()]
    if gaps.startswith("wavelet"):
        members = [member.filled(coder(gaps).bits) for member in members]
    encoded = group.encode(
        [Planned(tuple(members), coder(gaps), 0)] if gaps != "none" else [],
        [
            Planned(tuple(found), coder(values if each == kind else "packed8"), 0)
            for each in sorted(VALUES)
            if (found := [member for member in members if member.values == each])
        ],
    )
    build = Builder(Scope(set(network.weights), opset))
    for name, value in tensors.group(build, encoded).items():
        build.finish(value, name, encoded.labels()[name])
    name = f"{dense}-{gaps}-{values}"
    model = _model(network, opset, build.nodes, build.initializers)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    return name


def _as_built(folder: Path, dense: str) -> list[str]:
    """Write a dense file as ``build`` and ``pack`` do, in both modes."""
    import onnx_ir as ir

    from edgecompress.export.formats.onnx import onnx as write

    model = ir.load(folder / f"{dense}.onnx")
    names = []
    for mode in ("fast-load", "smallest"):
        names.append(f"{dense}-{mode}")
        ledger = write(model, folder / f"{names[-1]}.onnx", compress=True, encoding=mode)
        assert any(tensor.encoding != "raw" for tensor in ledger.tensors), f"nothing of {names[-1]} is encoded"
    return names


# The networks.


def _weights(shape: tuple[int, ...], kind: str, sparsity: float, seed: int = 0) -> npt.NDArray[Any]:
    """float32 of 7 values and zero, or of any values, or of any that float16 holds."""
    generator = np.random.default_rng([seed, *shape])
    array = generator.normal(size=shape).astype(np.float32) / 8
    if kind == "palette":
        array = generator.choice(generator.normal(size=7).astype(np.float32) / 8, shape)
    if kind == "float16":
        array = array.astype(np.float16).astype(np.float32)
    array[generator.random(shape) < sparsity] = 0
    return array


def _shapes(kind: str) -> Network:
    """A small and a large convolution of 1 to 3 dimensions, and two matrices; all weights are outputs too."""
    from onnx import helper

    generator = np.random.default_rng(0)
    weights = {"m1": _weights((48, 40), kind, 0.7), "m2": _weights((40, 64), kind, 0.5)}
    inputs: Arrays = {"flat": np.array([-1]), "x0": generator.normal(size=(2, 48)).astype(np.float32)}
    nodes = [helper.make_node("Gemm", ["x0", "m1"], ["h0"]), helper.make_node("MatMul", ["h0", "m2"], ["y0"])]
    for rank, (channels, width) in KERNELS.items():
        weights[f"s{rank}"] = _weights((channels, 4, *[width] * rank), kind, 0.8)
        # So many zeros that some gaps take more than one number to write.
        weights[f"l{rank}"] = _weights((channels, channels, *[width] * rank), kind, 0.998 if rank == 1 else 0.9)
        inputs[f"x{rank}"] = generator.normal(size=(1, 4, *[2 * width] * rank)).astype(np.float32)
        nodes += [
            helper.make_node("Conv", [f"x{rank}", f"s{rank}"], [f"h{rank}"]),
            helper.make_node("Relu", [f"h{rank}"], [f"r{rank}"]),
            helper.make_node("Conv", [f"r{rank}", f"l{rank}"], [f"y{rank}"]),
        ]
    # Only the run knows the shape, so this is not folded, and its output is the decoded weight.
    nodes += [helper.make_node("Reshape", [name, "flat"], [f"{name} flat"]) for name in weights]
    return Network(nodes, inputs, [f"y{rank}" for rank in range(4)] + [f"{name} flat" for name in weights], weights)


def _alone() -> Network:
    """Weights that are stored alone: float16, one value, and as they are."""
    from onnx import helper

    weights = {
        "half": _weights((24, 4, 3, 3), "float16", 0),
        "mean": np.zeros(24, np.float32),
        "ones": np.ones(24, np.float32),
        "same": np.full((24, 24, 3, 3), 0.125, np.float32),
        "full": _weights((24, 24, 1, 1), "float32", 0),
    }
    nodes = [
        helper.make_node("Conv", ["x", "half"], ["a"]),
        helper.make_node("BatchNormalization", ["a", "ones", "mean", "mean", "ones"], ["b"]),
        helper.make_node("Conv", ["b", "same"], ["c"]),
        helper.make_node("Conv", ["c", "full"], ["y"]),
    ]
    return Network(nodes, {"x": _weights((1, 4, 8, 8), "float32", 0)}, ["y"], weights)


def _integers() -> Network:
    """int8 kernels with a scale a channel, a uint8 matrix with a scale and a zero point: quantised and pruned."""
    from onnx import helper

    def integers(shape: tuple[int, ...], low: int, dtype: type[np.generic], zero: int) -> npt.NDArray[Any]:
        generator = np.random.default_rng(7)
        array = generator.integers(low, low + 256, shape).astype(dtype)
        array[generator.random(shape) < 0.9] = zero
        return array

    weights: Arrays = {
        "kernels": integers((32, 16, 3, 3), -128, np.int8, 0),
        "scales": np.linspace(0.01, 0.02, 32, dtype=np.float32),
        "zeros": np.zeros(32, np.int8),
        "matrix": integers((32, 128), 0, np.uint8, 0),
        "scale": np.array(0.01, np.float32),
        "zero": np.array(0, np.uint8),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["kernels", "scales", "zeros"], ["k"], axis=0),
        helper.make_node("Conv", ["x", "k"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("DequantizeLinear", ["matrix", "scale", "zero"], ["m"]),
        helper.make_node("MatMul", ["c", "m"], ["y"]),
    ]
    return Network(nodes, {"x": _weights((1, 16, 8, 8), "float32", 0)}, ["y"], weights)


def _halves() -> Network:
    """float16 weights, one clustered and one not, both pruned, that the network casts to float32."""
    from onnx import helper

    weights: Arrays = {
        "w1": _weights((32, 16, 3, 3), "palette", 0.9).astype(np.float16),
        "w2": _weights((64, 32, 3, 3), "float16", 0.9).astype(np.float16),
    }
    nodes = [
        helper.make_node("Cast", ["w1"], ["k1"], to=1),
        helper.make_node("Conv", ["x", "k1"], ["a"]),
        helper.make_node("Cast", ["w2"], ["k2"], to=1),
        helper.make_node("Conv", ["a", "k2"], ["y"]),
    ]
    return Network(nodes, {"x": _weights((1, 16, 8, 8), "float32", 0)}, ["y"], weights)


def _vgg() -> Network:
    """Convolution, BatchNormalization, Relu and pool, then two matrices: a chain whose weights share their streams."""
    from onnx import helper

    nodes, weights, x, channels = [], {}, "x", 3
    for number, filters in enumerate((32, 64, 96)):
        weights[f"w{number}"] = _weights((filters, channels, 3, 3), "palette", 0.9, seed=number)
        weights |= {f"{part}{number}": np.linspace(0.5, 1.5, filters, dtype=np.float32) for part in "gbmv"}
        normal = [f"c{number}", *(f"{part}{number}" for part in "gbmv")]
        nodes += [
            helper.make_node("Conv", [x, f"w{number}"], [f"c{number}"], pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", normal, [f"n{number}"]),
            helper.make_node("Relu", [f"n{number}"], [f"r{number}"]),
            helper.make_node("MaxPool", [f"r{number}"], [f"p{number}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        x, channels = f"p{number}", filters
    weights |= {"f1": _weights((128, 96), "palette", 0.9), "f2": _weights((10, 128), "palette", 0.8)}
    weights |= {"o1": np.linspace(-1, 1, 128, dtype=np.float32), "o2": np.linspace(-1, 1, 10, dtype=np.float32)}
    nodes += [
        helper.make_node("Flatten", [x], ["flat"]),
        helper.make_node("Gemm", ["flat", "f1", "o1"], ["d"], transB=1),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "f2", "o2"], ["y"], transB=1),
    ]
    return Network(nodes, {"x": _weights((1, 3, 8, 8), "float32", 0)}, ["y"], weights)


def main(arguments: list[str]) -> int:
    """Run one of the two commands; the exit code."""
    if len(arguments) != 2 or arguments[0] not in ("make", "check"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if arguments[0] == "make":
        make(Path(arguments[1]))
        return 0
    return 0 if check(Path(arguments[1])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
