"""Equal constants of a file, found by their bytes: ``build`` and ``pack`` store them once."""

import hashlib
from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np

from edgecompress.formats.tflite.consumers import ReadingOperator, use
from edgecompress.formats.tflite.graph import Array, Tensor, TfliteGraph
from edgecompress.formats.tflite.lowering.context import FUSED

LEAST = 64
"""Bytes of a constant from which a copy of it is worth looking for."""


def content(array: Array) -> bytes | None:
    """The digest of an array's bytes, the same for equal arrays. ``None`` for one too small to look for."""
    if array.nbytes < LEAST:
        return None
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()


def keep_once(graph: TfliteGraph, apart: Collection[Tensor] = ()) -> None:
    """Let operators of ``graph`` read the first of equal constants, bit by bit, in place of the others.

    Weights of which runtimes allow different forms stay two, and so do one that is in ``apart`` and one that is not.
    """
    kinds = {tensor: _kind(tensor, array, apart) for tensor, array in graph.constants()}
    allowed = {tensor: use(readings) for tensor, readings in readings_of(graph).items()}
    counts = Counter(kinds.values())
    first: dict[tuple[Any, ...], Tensor] = {}
    same: dict[Tensor, Tensor] = {}
    for tensor, array in graph.constants():
        found = content(array) if counts[kinds[tensor]] > 1 else None
        if found is not None:
            same[tensor] = first.setdefault((kinds[tensor], allowed.get(tensor), found), tensor)
    for operator in graph.operators:
        operator.inputs = [same.get(tensor, tensor) for tensor in operator.inputs]


def readings_of(graph: TfliteGraph) -> dict[Tensor, list[ReadingOperator]]:
    """The readings of each weight of ``graph``: how operators read it, in their order."""
    readings: dict[Tensor, list[ReadingOperator]] = {}
    for operator in graph.operators:
        for position, tensor in enumerate(operator.inputs):
            if tensor.compressible:
                reading = ReadingOperator(operator.code, position, operator.options.get(FUSED, 0))
                readings.setdefault(tensor, []).append(reading)
    return readings


def _kind(tensor: Tensor, array: Array, apart: Collection[Tensor]) -> tuple[Any, ...]:
    return tensor.shape, array.dtype.str, tensor.compressible, tensor in apart
