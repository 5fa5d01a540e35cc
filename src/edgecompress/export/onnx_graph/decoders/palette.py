"""Decodes a palette: codebook[indices]."""

import math

from edgecompress.encode.contract import Encoded
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.unpack import unpack


def palette(build: Builder, encoded: Encoded) -> None:
    """Adds the nodes: unpack, Gather, Reshape."""
    indices = unpack(build, "indices", encoded.options["index_bits"], math.prod(encoded.shape))
    elements = build.op("Gather", build.stored("codebook"), indices)
    build.op("Reshape", elements, build.integers(*encoded.shape))
