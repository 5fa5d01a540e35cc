#!/usr/bin/env python3
"""Write the models that tools/check_runtimes.py runs: one for every combination of coders, and some as built.

Usage: python tools/make_runtime_models.py FOLDER [--as-built]        (--as-built: only these)

Each compressed model belongs to a dense one, for which inputs and outputs are written too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx_ir as ir
from check_runtimes import INDEX, NOT_FOLDING, run
from onnx import helper, numpy_helper

from edgecompress.encode import group
from edgecompress.encode.group import Coder, Planned
from edgecompress.encode.member import Member
from edgecompress.encode.weights import Weights
from edgecompress.formats.onnx.builder import Builder, NameScope
from edgecompress.formats.onnx.decoders import tensors
from edgecompress.formats.onnx.network import write_onnx as write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    import onnx

    Arrays = dict[str, npt.NDArray[Any]]


class Network(NamedTuple):
    """A network, what to feed it, and the rank of each of its outputs, which are float32."""

    nodes: list[onnx.NodeProto]
    inputs: Arrays
    outputs: dict[str, int]
    weights: Arrays


KERNELS = {1: (340, 5), 2: (256, 3), 3: (140, 3)}
"""For each number of dimensions, channels and width of kernels: of more than ``LARGE`` elements."""

LARGE = 2**19
"""Elements from which a tensor is put together by itself, here fewer than when a model is built: files stay small."""

GAPS = ("none", "rice0", "rice2", "escape4", "wavelet0", "wavelet3")
VALUES = {
    "palette": ("packed3", "packed8", "wavelet0", "wavelet1"),
    "float16": ("float16",),
    "float32": ("float32",),
}


def make(folder: Path, *, combinations: bool = True) -> None:
    """Write all models, what the dense ones compute, and an index of which dense file each belongs to."""
    group.LARGE = LARGE
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, list[str]] = {}
    for opset in (13, 18):
        for kind in VALUES if combinations else ():
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
    graph = helper.make_graph(
        [*(ir.to_proto(node) for node in decoders), *network.nodes],
        "network",
        [_value_info(name, array.dtype, array.shape) for name, array in network.inputs.items()],
        [_value_info(name, np.dtype(np.float32), (None,) * rank) for name, rank in network.outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in network.weights.items()]
        if stored is None
        else [ir.to_proto(value.const_value) for value in stored if value.const_value],
        value_info=[ir.to_proto(value) for node in decoders for value in node.outputs if value.type],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 21 else 10)


def _value_info(name: str, dtype: np.dtype[Any], shape: tuple[int | None, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _coded(folder: Path, dense: str, network: Network, opset: int, kind: str, gaps: str, values: str) -> str:
    """Write the network with its weights in streams of these coders; what has a palette after all, in packed bytes."""

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
    build = Builder(NameScope(set(network.weights), opset))
    for name, value in tensors.group(build, encoded).items():
        build.finish(value, name, encoded.labels()[name])
    name = f"{dense}-{gaps}-{values}"
    model = _model(network, opset, build.nodes, build.initializers)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    return name


def _as_built(folder: Path, dense: str) -> list[str]:
    """Write a dense file as ``build`` and ``pack`` do, in both modes."""
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
    outputs = {"y0": 2} | {f"y{rank}": rank + 2 for rank in KERNELS} | {f"{name} flat": 1 for name in weights}
    return Network(nodes, inputs, outputs, weights)


def _alone() -> Network:
    """Weights that are stored alone: float16, one value, and as they are."""
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
    return Network(nodes, {"x": _weights((1, 4, 8, 8), "float32", 0)}, {"y": 4}, weights)


def _integers() -> Network:
    """int8 kernels with a scale a channel, a uint8 matrix with a scale and a zero point: quantised and pruned."""

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
    return Network(nodes, {"x": _weights((1, 16, 8, 8), "float32", 0)}, {"y": 2}, weights)


def _halves() -> Network:
    """float16 weights, one clustered and one not, both pruned, that the network casts to float32."""
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
    return Network(nodes, {"x": _weights((1, 16, 8, 8), "float32", 0)}, {"y": 4}, weights)


def _vgg() -> Network:
    """Convolution, BatchNormalization, Relu and pool, then two matrices: a chain whose weights share their streams."""
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
    return Network(nodes, {"x": _weights((1, 3, 8, 8), "float32", 0)}, {"y": 2}, weights)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--as-built"]):
        sys.exit(__doc__)
    make(Path(sys.argv[1]), combinations=not sys.argv[2:])
