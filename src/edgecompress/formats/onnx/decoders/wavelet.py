"""A Huffman-shaped wavelet matrix: places are split by each level's bits until those of each symbol are in one run."""

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
    spare = code.levels.padded - code.levels.count
    bits = packed_numbers.booleans(build, code.levels)
    sides = (build.split(each, [*shape.active, spare]) for each in (build.op("Not", bits), bits))
    places = build.range(0, code.count, 1)
    runs = []
    for other, bit, active, ones, ended in zip(*sides, shape.active, shape.ones, shape.ended, strict=False):
        zeros = build.compress(places, other, active - ones)
        ordered = build.concat([zeros, build.compress(places, bit, ones)])
        *rest, done = build.split(ordered, [active - ended, ended])
        places = rest[0] if rest else done
        runs += [done] if ended else []
    return build.concat(runs)
