"""Gaps to where each stored element ends: the running sum of gap + 1, over all tensors of a group."""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.coders.escape import Escape
from edgecompress.encode.coders.rice import Rice
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.export.onnx_graph.builder import Builder
from edgecompress.export.onnx_graph.decoders import wavelet
from edgecompress.export.onnx_graph.decoders.numbers import booleans, numbers


def ends(build: Builder, gaps: Rice | Escape | Wavelet) -> ir.Value:
    """int32 [count]."""
    if isinstance(gaps, Rice):
        return _rice(build, gaps)
    if isinstance(gaps, Escape):
        return _escape(build, gaps)
    steps = build.op("Add", wavelet.numbers(build, gaps), build.constant(np.array(1, np.int32)))
    return build.running_sum(steps)


def _rice(build: Builder, gaps: Rice) -> ir.Value:
    """Element t is the t-th one of the unary bits, say bit P; P - t zeros are before it, each for 2**k elements.

    Up to t, the sum of gap + 1 is 2**k (P - t) and the sum of low + 1; that is 2**k (P + 1) and the sum of
    low - (2**k - 1).
    """
    step = 1 << gaps.k
    ones = booleans(build, gaps.unary)
    places = build.range(step, gaps.unary.padded, step)
    found = build.compress(places, ones, gaps.count)
    if not gaps.low:
        return found
    lows = build.op("Sub", numbers(build, gaps.low), build.constant(np.array(step - 1, np.int32)))
    return build.op("Add", found, build.running_sum(lows))


def _escape(build: Builder, gaps: Escape) -> ir.Value:
    codes = numbers(build, gaps.codes)
    emits = build.op("Less", codes, build.constant(np.array(gaps.escape, np.int32)))
    steps = build.op("Add", codes, build.cast(emits, ir.DataType.INT32))
    return build.compress(build.running_sum(steps), emits, gaps.count)
