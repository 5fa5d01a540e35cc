#!/usr/bin/env python3
"""Write the models that tools/check_tflite.py runs: one of every form in which weights are stored in TFLite files.

Usage: python tools/make_tflite_models.py FOLDER

Beside each file whose weights are decoded to float32 stands a plain one with the same weights as float32, and for each
what it was given and answered here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_ir as ir
from check_tflite import INDEX, run
from onnx import helper, numpy_helper

from edgecompress.encode.ledger import Ledger
from edgecompress.formats.tflite.inspection import decoded_weights_tflite
from edgecompress.formats.tflite.int8.quantize import write_int8 as int8
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.network import write_tflite
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize

if TYPE_CHECKING:
    import numpy.typing as npt

KINDS = {
    # name: (share of zeros, how weights may be rounded, the form that this makes of them)
    "float32": (0.0, "float32", "float32"),
    "float16": (0.0, "float16", "float16"),
    "int8": (0.0, "int8", "int8"),
    "csr-float32": (0.95, "float32", "csr-float32"),
    "csr-float16": (0.95, "float16", "csr-float16"),
    "csr-int8": (0.95, "int8", "csr-int8"),
}
"""Decoded to float32 at load: equal, bit by bit, to the plain file of the decoded weights."""

HYBRID, STATIC = "int8-hybrid", "int8-static"
"""Computed in int8: near what they answered where they were made."""


def make(folder: Path) -> None:
    """Write all models, what they answer here, and an index."""
    folder.mkdir(parents=True, exist_ok=True)
    x = _values((1, 3, 16, 16), seed=9)
    index: dict[str, dict[str, Any]] = {}
    for name, (zeros, rounding, form) in KINDS.items():
        path = folder / f"{name}.tflite"
        _expect(write_tflite(_model(zeros), path, compress=True, weights=rounding), form)
        plain = folder / f"{name}-plain.tflite"
        plain.write_bytes(_plain(_model(zeros), path))
        index[name] = {"plain": plain.stem}
    path = folder / f"{HYBRID}.tflite"
    _expect(write_tflite(_model(0.0), path, compress=True, weights="int8-hybrid"), "int8")
    _expect(int8(_model(0.0), folder / f"{STATIC}.tflite", _values((16, 3, 16, 16), seed=10)), "int8")
    index |= {HYBRID: {"plain": None}, STATIC: {"plain": None}}
    np.save(folder / "x.npy", np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    for name in index:
        np.save(folder / f"{name}.npy", run(folder / f"{name}.tflite", np.load(folder / "x.npy")))
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def _plain(model: ir.Model, compressed: Path) -> bytes:
    """The file of the same graph whose weights are those of ``compressed``, as float32."""
    decoded = decoded_weights_tflite(compressed)
    graph = lower(model)
    weights = [tensor for tensor in graph.tensors() if tensor.compressible and tensor.name in decoded]
    assert len(weights) >= 3, "names of weights have changed"
    return serialize(graph, {tensor: Stored(np.float32(decoded[tensor.name])) for tensor in weights})


def _expect(written: Ledger, form: str) -> None:
    # Smaller ones may take another form, where that is fewer bytes.
    found = max(written.tensors, key=lambda tensor: tensor.elements).encoding
    assert found == form, f"the largest weight is stored as {found}, not as {form}"


def _model(zeros: float) -> ir.Model:
    """A convolution, a depthwise one, and a matrix."""
    weights = {
        "w1": _values((64, 3, 5, 5), seed=1, zeros=zeros),
        "w2": _values((64, 1, 7, 7), seed=2, zeros=zeros),
        "w3": _values((10, 64 * 16 * 16), seed=3, zeros=zeros),
        "b1": _values((64,), seed=4),
        "b2": _values((64,), seed=5),
        "b3": _values((10,), seed=6),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["a"], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2", "b2"], ["c"], pads=[3, 3, 3, 3], group=64),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Flatten", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "w3", "b3"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "forms",
        [helper.make_tensor_value_info("x", 1, [None, 3, 16, 16])],
        [helper.make_tensor_value_info("y", 1, [None, 10])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return ir.serde.deserialize_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))


def _values(shape: tuple[int, ...], seed: int, zeros: float = 0.0) -> npt.NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    array = generator.standard_normal(shape).astype(np.float32) * 0.1
    array[generator.random(shape) < zeros] = 0.0
    return array


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
