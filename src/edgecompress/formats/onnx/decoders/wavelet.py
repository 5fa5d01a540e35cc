"""A Huffman-shaped wavelet matrix: places are split by each level's bits until those of each symbol are in one run."""

import numpy as np
import onnx_ir as ir

from edgecompress.encode.coders.wavelet import Wavelet
from edgecompress.formats.onnx.builder import Builder
from edgecompress.formats.onnx.decoders import numbers as packed_numbers


def numbers(build: Builder, code: Wavelet) -> ir.Value:
    """The numbers: int32 [count].

    Compress is the one operator that costs time here. Ranks in a wavelet tree, the usual way to read one, take two
    running sums and two gathers a level instead, and six times as long.
    """
    runs = build.runs(code.count, code.starts, code.steps)
    zeros = build.zeros(code.count)
    found = runs if len(code.starts) < 2 else build.op("ScatterElements", zeros, _places(build, code), runs)
    return build.op("Add", found, packed_numbers.numbers(build, code.low)) if code.low else found


def _places(build: Builder, code: Wavelet) -> ir.Value:
    """The places of all numbers in the order of the leaves: int32 [count]."""
    shape = code.shape
    pieces = iter(_pieces(build, code))
    places = build.range(0, code.count, 1)
    runs = []
    for level, (active, ones, ended) in enumerate(zip(shape.active, shape.ones, shape.ended, strict=True)):
        if level in code.skewed:
            other, bit = _level(build, code, level, next(pieces)[1], next(pieces)[1])
        else:
            other, bit = next(pieces)
        zeros = build.compress(places, other, active - ones)
        ordered = build.concat([zeros, build.compress(places, bit, ones)])
        *rest, done = build.split(ordered, [active - ended, ended])
        places = rest[0] if rest else done
        runs += [done] if ended else []
    return build.concat(runs)


def _pieces(build: Builder, code: Wavelet) -> list[tuple[ir.Value, ir.Value]]:
    """The stored bits in pieces, each inverted and as it is: one of a level, or those of its gaps: unary, and low."""
    sizes = []
    for level, active in enumerate(code.shape.active):
        found = code.skewed.get(level)
        sizes += [found.unary, found.k * code.shape.rare(level, found.rare)] if found else [active]
    spare = code.levels.padded - code.levels.count
    bits = packed_numbers.booleans(build, code.levels)
    sides = (build.split(each, [*sizes, spare]) for each in (build.op("Not", bits), bits))
    return list(zip(*sides, strict=True))


def _level(build: Builder, code: Wavelet, level: int, unary: ir.Value, low: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The bits of a level that is stored by its gaps, inverted and as they are: bool.

    Up to the t-th rare bit the sum of gap + 1 is what ``ends.rice_ends`` says; one less is its index.
    """
    found = code.skewed[level]
    count, unit = code.shape.rare(level, found.rare), 1 << found.k
    ends = build.compress(build.range(unit - 1, found.unary, unit), unary, count)
    if found.k == 1:
        inverted = build.cast(low, ir.DataType.INT32)
    else:
        planes = build.op("Reshape", build.cast(low, ir.DataType.UINT8), build.integers(found.k, -1))
        powers = build.constant((1 << np.arange(found.k)).astype(np.uint8).reshape(1, -1))
        inverted = build.op("Reshape", build.op("MatMulInteger", powers, planes), build.integers(-1))
    indices = build.op("Sub", ends, build.running_sum(inverted))
    # ``ends`` are not 0, so that they mark the rare bits as well as ones would.
    marks = build.op("ScatterElements", build.zeros(code.shape.active[level]), indices, ends)
    rare = build.cast(marks, ir.DataType.BOOL)
    others = build.op("Not", rare)
    return (others, rare) if found.rare else (rare, others)
