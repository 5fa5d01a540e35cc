"""Decodes gap codes: their running sum gives the positions, and the values are scattered there over zeros."""

import math

import numpy as np
import onnx_ir as ir

from edgecompress.encode.contract import Encoded
from edgecompress.encode.encodings.gaps import escape
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.unpack import unpack_all
from edgecompress.export.onnx_graph.values import values


def gaps(build: Builder, encoded: Encoded) -> None:
    """Adds the nodes: unpack, Less, Cast, Add, CumSum, Compress, Sub, ConstantOfShape, ScatterElements, Reshape."""
    gap_bits, count = encoded.options["gap_bits"], encoded.options["nonzeros"]
    # The escapes that fill the last group emit nothing, so they need not be cut off.
    codes = unpack_all(build, "codes", gap_bits)
    emits = build.op("Less", codes, build.constant(np.array(escape(gap_bits), np.int32)))
    steps = build.op("Add", codes, build.cast(emits, ir.DataType.INT32))
    ends = build.op("Compress", build.op("CumSum", steps, build.constant(np.array(0, np.int64))), emits)
    # The one shape that cannot be inferred. Unless it is stated, onnxruntime >= 1.27 folds nothing from here on, and
    # decodes at every inference.
    ends.type = ir.TensorType(ir.DataType.INT32)
    ends.shape = ir.Shape([count])
    positions = build.op("Sub", ends, build.constant(np.array(1, np.int32)))
    zeros = build.op("ConstantOfShape", build.integers(math.prod(encoded.shape)))
    nonzeros = values(build, encoded.options["index_bits"], count)
    build.op("Reshape", build.op("ScatterElements", zeros, positions, nonzeros, axis=0), build.integers(*encoded.shape))
