"""What a graph in memory computes."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx_ir as ir

from edgecompress.formats.onnx.write import write
from edgecompress.isolated.outputs import Array, outputs


def of_graph(graph: ir.Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What onnxruntime computes from a graph as it is, for networks that PyTorch does not run here.

    Raises:
        CheckError: onnxruntime does not run it.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        path = Path(folder) / "graph.onnx"
        write(graph, path)
        return outputs(path, inputs)
