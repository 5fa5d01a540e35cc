"""Decodes a mask: the running sum of the mask is each nonzero's place among the values, and zero is place 0."""

import math

import numpy as np

from edgecompress.encode.contract import Encoded
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.unpack import unpack
from edgecompress.export.onnx_graph.values import values


def bitmask(build: Builder, encoded: Encoded) -> None:
    """Adds the nodes: unpack, CumSum, Mul, Concat of 0.0 and the values, Gather, Reshape."""
    mask = unpack(build, "mask", 1, math.prod(encoded.shape))
    places = build.op("Mul", mask, build.op("CumSum", mask, build.constant(np.array(0, np.int64))))
    nonzeros = values(build, encoded.options["index_bits"], encoded.options["nonzeros"])
    choices = build.op("Concat", build.constant(np.zeros(1, np.float32)), nonzeros, axis=0)
    build.op("Reshape", build.op("Gather", choices, places), build.integers(*encoded.shape))
