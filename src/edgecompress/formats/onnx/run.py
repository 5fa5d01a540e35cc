"""What a graph in memory computes."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx_ir as ir

from edgecompress.formats.onnx.write import write
from edgecompress.isolated.outputs import Array, run

BATCH = 32
"""Samples at once, where a file leaves that free."""


def of_graph(graph: ir.Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs of onnxruntime for a graph as it is, for networks that PyTorch does not run here.

    Raises:
        CheckError: onnxruntime does not run it.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        path = Path(folder) / "graph.onnx"
        write(graph, path)
        return run(path, inputs, layout="channels_first", batch=BATCH).arrays
