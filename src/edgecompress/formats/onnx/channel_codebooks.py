"""Weights of which each channel has values of its own, as indices into codebooks of all channels.

Exporters fold a BatchNorm into the weight before it: each channel is multiplied by a factor, and a weight of 15 values
has hundreds. Here the indices are a weight of few values again, which is encoded like any other, and a small table has
the values of each channel: one codebook times the channels' factors where that gives all of them bit by bit (computed
in float64 and rounded once, as ``ecz.scaled`` finds them), else the values themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log2
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.encode.weights import Floats
from edgecompress.formats.ecz import scaled
from edgecompress.formats.onnx.builder import Builder

MOST_ENTRIES = 255
"""Of one channel, zero not counted: an index takes a byte at most."""

LEAST_SAVED = 0.1
"""Of what the values take otherwise, so that what is only estimated here never makes a file larger."""

_NODES = 350
"""Bytes of the operators, their names and the small constants."""

_SAMPLE = 4
"""Channels that are looked at first: most weights have no codebooks, and are left after these."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChannelCodebooks:
    """A weight [channels, n], or [n, channels] with ``axis`` 1, of a tensor of ``shape``.

    Attributes:
        axis: which of the two has the channels.
        indices: whole numbers as float32, of the shape of the weight. 0 is the value 0 where the weight ``has_zeros``.
        base: the codebook, without zero, (k,), and
        scales: of each channel, (channels,): their products are the values; or both ``None``, and
        table: the values of each channel, (channels, k) float32, without zero.
    """

    shape: tuple[int, ...]
    axis: int
    indices: Floats
    has_zeros: bool
    table: Floats
    base: Doubles | None = None
    scales: Doubles | None = None

    @property
    def table_bytes(self) -> int:
        """Bytes that the file spends on the values of all channels."""
        if self.base is None or self.scales is None:
            return self.table.nbytes
        return self.base.nbytes + self.scales.nbytes

    def build(self, build: Builder) -> tuple[ir.Value, ir.Value]:
        """The weight as operators make it, and the indices, a constant of their own, that they make it of."""
        if self.base is None or self.scales is None:
            table = build.stored(np.ascontiguousarray(self._turned(self.table)))
        else:
            factors = build.stored(np.ascontiguousarray(self._turned(self.scales[:, np.newaxis])))
            products = build.op("Mul", factors, build.stored(np.ascontiguousarray(self._turned(self.base[np.newaxis]))))
            table = build.cast(products, ir.DataType.FLOAT)
        if self.has_zeros:
            # A factor may be negative, and its product with zero is -0.0: zeros are put beside the products.
            table = build.op("Pad", table, build.integers(*((0, 1, 0, 0) if self.axis == 0 else (1, 0, 0, 0))))
        indices = build.stored(self.indices)
        weight = build.op("GatherElements", table, build.cast(indices, ir.DataType.INT32), axis=1 - self.axis)
        if len(self.shape) > 2:
            weight = build.op("Reshape", weight, build.integers(*self.shape))
        return weight, indices

    def _turned(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return array if self.axis == 0 else array.T


def find(array: Floats) -> ChannelCodebooks | None:
    """The codebooks of a weight of two dimensions or more, where its values take fewer bytes so; else ``None``.

    Channels are the first dimension; of a matrix also the last.
    """
    if array.ndim < 2 or not array.size:
        return None
    for axis in (0, 1) if array.ndim == 2 else (0,):
        lines = array.reshape(len(array), -1) if axis == 0 else array.T
        if _is_likely(lines) and (found := _of_lines(lines, axis, array.shape)) is not None:
            return found
    return None


def _is_likely(lines: Floats) -> bool:
    """Return whether the first channels have few values each, and not the same ones."""
    if len(lines) < 2:
        return False
    some = lines[:: max(1, len(lines) // _SAMPLE)][:_SAMPLE]
    patterns = [np.unique(line[line != 0].view(np.uint32)) for line in np.ascontiguousarray(some)]
    most = max(map(len, patterns))
    together = len(np.unique(np.concatenate(patterns)))
    return 0 < most <= MOST_ENTRIES and bool(1.5 * most < together < np.count_nonzero(some) / 2)


def _of_lines(lines: Floats, axis: int, shape: tuple[int, ...]) -> ChannelCodebooks | None:
    channels, width = lines.shape
    bits = np.ascontiguousarray(lines).view(np.uint32).reshape(-1)
    places = np.flatnonzero(bits)
    keys = (places // width).astype(np.uint64) << np.uint64(32) | bits[places]
    distinct, inverse = np.unique(keys, return_inverse=True)
    owners = (distinct >> np.uint64(32)).astype(np.int64)
    entries = (distinct & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    if np.bincount(owners).max() > MOST_ENTRIES:
        return None
    for base, scales, table, index in _tables(entries, owners, channels):
        indices = np.zeros(lines.size, np.float32)
        has_zeros = len(places) < lines.size
        indices[places] = index[inverse.reshape(-1)] + has_zeros
        laid = indices.reshape(lines.shape)
        found = ChannelCodebooks(
            shape, axis, laid if axis == 0 else np.ascontiguousarray(laid.T), has_zeros, table, base, scales
        )
        if _saves(found, bits[places], found.table.shape[1]):
            return found
    return None


def _tables(
    entries: npt.NDArray[np.uint32], owners: npt.NDArray[np.int64], channels: int
) -> Iterator[tuple[Doubles | None, Doubles | None, Floats, npt.NDArray[np.int64]]]:
    """Codebook, factors, values of each channel, and the index of each entry: as products, then the values listed."""
    fit = scaled.fit(entries, owners, channels)
    values = entries.view(np.float32)
    if fit is not None and len(fit.base) <= MOST_ENTRIES:
        products = (fit.base * fit.scales[:, np.newaxis]).astype(np.float32)
        if products[owners, fit.index].tobytes() == values.tobytes():
            yield fit.base, fit.scales, products, fit.index
    sizes = np.bincount(owners, minlength=channels)
    index = fit.index if fit is not None else np.arange(len(owners)) - (np.cumsum(sizes) - sizes)[owners]
    table = np.zeros((channels, int(index.max()) + 1), np.float32)
    table[owners, index] = values
    if table.shape[1] <= MOST_ENTRIES:
        yield None, None, table, index


def _saves(found: ChannelCodebooks, patterns: npt.NDArray[np.uint32], entries: int) -> bool:
    """Return whether values, given by their bit ``patterns``, take much less as indices than a palette or plain.

    Where they are does not change, and is not counted.
    """
    counts = np.unique(patterns, return_counts=True)[1]
    with np.errstate(over="ignore", invalid="ignore"):
        half = patterns.view(np.float32).astype(np.float16).astype(np.float32).view(np.uint32)
    plain = len(patterns) * (2.0 if np.array_equal(half, patterns) else 4)
    if len(counts) <= MOST_ENTRIES + 1:
        plain = min(plain, float(np.sum(counts * np.log2(counts.sum() / counts))) / 8 + 4 * len(counts))
    as_indices = len(patterns) * ceil(log2(max(2, entries))) / 8 + 4 * entries + found.table_bytes + _NODES
    return bool(as_indices < (1 - LEAST_SAVED) * plain)
