"""Gaps to where each stored element ends: the running sum of gap + 1, over all tensors of a stream."""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.coders.escape import Escape
from edgecompress.encode.coders.rice import Rice
from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.encode.group import Plane
from edgecompress.formats.onnx.builder import Builder
from edgecompress.formats.onnx.decoders import wavelet
from edgecompress.formats.onnx.decoders.numbers import booleans, numbers


def ends(build: Builder, gaps: Escape | Wavelet) -> ir.Value:
    """int32 [count]."""
    if isinstance(gaps, Escape):
        return _escape(build, gaps)
    steps = build.op("Add", wavelet.numbers(build, gaps), build.constant(np.array(1, np.int32)))
    return build.running_sum(steps)


def rice_ends(build: Builder, plane: Plane) -> list[tuple[ir.Value, int]]:
    """For each stream of a plane its ends, int32 [count], and by how much they are too large.

    Element t of a stream is the t-th one of its unary bits, say bit P; P - t zeros are before it, each for 2**k
    elements. Up to t, the sum of gap + 1 is 2**k (P - t) and the sum of low + 1; that is 2**k (P + 1) less the sum of
    2**k - 1 - low, which is what is stored. P is counted from the start of the plane, so that what is before the stream
    is in the ends too, as 2**k for each bit.
    """
    codes = [stream.code for stream in plane.streams]
    ones = booleans(build, plane.unary)
    # What one bit is worth is counted at once where it is the same in all streams, and fits in int32.
    k = codes[0].k
    same = {code.k for code in codes} == {k} and plane.unary.padded + 1 < 2**31 >> k
    step = 1 << k if same else 1
    found = build.compress(build.range(step, plane.unary.padded, step), ones, sum(code.count for code in codes))
    pieces = build.split(found, [code.count for code in codes])
    starts = np.cumsum([0, *(len(code.unary) for code in codes)])
    return [
        (_rice(build, code, piece, code.k if not same else 0), int(start) << code.k)
        for code, piece, start in zip(codes, pieces, starts[:-1], strict=True)
    ]


def _rice(build: Builder, code: Rice, places: ir.Value, shift: int) -> ir.Value:
    if not code.low:
        return places
    scaled = build.op("Mul", places, build.constant(np.array(1 << shift, np.int32))) if shift else places
    return build.op("Sub", scaled, build.running_sum(numbers(build, code.low)))


def _escape(build: Builder, gaps: Escape) -> ir.Value:
    codes = numbers(build, gaps.codes)
    emits = build.op("Less", codes, build.constant(np.array(gaps.escape, np.int32)))
    steps = build.op("Add", codes, build.cast(emits, ir.DataType.INT32))
    return build.compress(build.running_sum(steps), emits, gaps.count)
