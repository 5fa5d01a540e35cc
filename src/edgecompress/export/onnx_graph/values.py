"""The values of a sparse tensor's nonzeros: plain, or looked up in the codebook."""

import onnx_ir as ir

from edgecompress.encode.nonzeros import PLAIN
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.unpack import unpack


def values(build: Builder, index_bits: int, count: int) -> ir.Value:
    """The ``count`` nonzero values in the order of their positions: float32 [count]."""
    if index_bits == PLAIN:
        return build.stored("values")
    return build.op("Gather", build.stored("codebook"), unpack(build, "indices", index_bits, count))
