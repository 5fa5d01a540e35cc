"""Choosing how the values of an array are coded, by computed bytes; ``agent.ecz.values`` says what there is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz import limits
from edgecompress.agent.ecz import values as form
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz import integers, scaled
from edgecompress.formats.ecz.block import Block

_SPLITS: dict[int, tuple[tuple[int, ...], ...]] = {
    16: ((12, 4), (8, 8), (16,)),
    32: ((12, 4, 8, 8), (8, 8, 8, 8), (16, 16)),
    64: ((12, 4, 8, 8, 8, 8, 8, 8), (8, 8, 8, 8, 8, 8, 8, 8), (32, 32)),
}
_SAMPLE = 1 << 14


@dataclass(frozen=True)
class Channels:
    """The channel of a position: (first + position) // stride % count."""

    stride: int
    count: int
    first: int = 0

    def of(self, positions: Array) -> Array:
        """The channel of each position."""
        return (positions + self.first) // self.stride % self.count


@dataclass(frozen=True)
class ValuesPlan:
    """A way to code some values, and the bytes that it takes in all."""

    bytes: float
    describe: Callable[[Block], None]
    write: Callable[[Block, int, int], None]
    "Writes the values from one index to another."


def choose(values: Array, width: int, channels: list[Channels], positions: Callable[[], Array]) -> ValuesPlan:
    """The coding of ``values`` (unsigned, of ``width`` bits) that takes the fewest bytes.

    ``positions`` gives the position of each value in its array, which decides about its channel.
    """
    plans, few = [], np.inf
    if _is_few_valued(values):
        entries, indices = _indexed(values)
        few = len(entries) / 2
        if len(entries) <= limits.CODEBOOK_ENTRIES:
            plans.append(_codebook(entries, indices, width))
    plain = len(values) * width / 8
    if not plans or plans[0].bytes > plain / 8:
        plans += [
            _channel_codebooks(values, width, each, places)
            for each, places in _separating(values, width, channels, positions, few)
        ]
    if not plans or min(plan.bytes for plan in plans) > plain / 2:
        plans.append(_fields(values, width))
    return min(plans, key=lambda plan: plan.bytes)


def _is_few_valued(values: Array) -> bool:
    """Return whether a codebook of all values may pay."""
    sample = values[:: max(1, len(values) // _SAMPLE)]
    return len(np.unique(sample)) <= max(len(sample) // 2, 1)


def _codebook(entries: Array, indices: Array, width: int) -> ValuesPlan:
    listed = _Entries(entries, np.array([len(entries)]), width)
    coding = integers.choose(indices)

    def describe(block: Block) -> None:
        block.number(form.CODEBOOK, len(entries))
        listed.describe(block)
        coding.describe(block)

    return ValuesPlan(
        listed.bytes + coding.bytes + 3,
        describe,
        lambda block, start, stop: coding.write(block, indices[start:stop]),
    )


def _distinct(values: Array) -> Array:
    """The distinct values, rising. Sorting is several times faster here than the hashing of np.unique."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    distinct: Array = ordered[first]
    return distinct


def _indexed(values: Array) -> tuple[Array, Array]:
    """The distinct values, rising, and the index of each value among them."""
    if values.itemsize <= 2:
        present = np.bincount(values, minlength=1) > 0
        entries = present.nonzero()[0].astype(values.dtype)
        return entries, (np.cumsum(present) - 1)[values]
    entries = _distinct(values)
    return entries, np.searchsorted(entries, values)


def _separating(
    values: Array, width: int, channels: list[Channels], positions: Callable[[], Array], few: float
) -> list[tuple[Channels, Array]]:
    """The channels for which codebooks of their own may pay, and the channel of each value.

    Judged by the first four channels: their values are ``few`` each at most.
    """
    found = []
    for each in channels:
        if width not in (16, 32) or not 1 < each.count <= limits.CHANNELS:
            continue
        channel = each.of(positions())
        first = channel < channel.min(initial=each.count) + 4
        sample = _distinct(channel[first].astype(np.uint64) << np.uint64(width) | values[first])
        if 0 < len(sample) <= min(np.count_nonzero(first) / 2, 4 * few):
            found.append((each, channel))
    return found


def _channel_codebooks(values: Array, width: int, channels: Channels, channel: Array) -> ValuesPlan:
    """The values as indices into codebooks of their channels, listed or scaled."""
    keys = channel.astype(np.uint64) << np.uint64(width) | values
    distinct = _distinct(keys)
    if len(distinct) > limits.CODEBOOK_ENTRIES:
        return _fields(values, width)
    entries = (distinct & np.uint64((1 << width) - 1)).astype(values.dtype)
    owners = (distinct >> np.uint64(width)).astype(np.int64)
    sizes = np.bincount(owners, minlength=channels.count)
    starts = np.cumsum(sizes) - sizes
    places = np.searchsorted(distinct, keys)
    listed = _indexed_plan(_Listed(sizes, _Entries(entries, sizes, width)), channels, places - starts[channel])
    found = scaled.fit(entries, owners, channels.count)
    if found is None:
        return listed
    return min(listed, _indexed_plan(_Scaled(found), channels, found.index[places]), key=lambda plan: plan.bytes)


def _indexed_plan(codebooks: "_Listed | _Scaled", channels: Channels, indices: Array) -> ValuesPlan:
    coding = integers.choose(indices)

    def describe(block: Block) -> None:
        block.number(codebooks.kind, channels.stride, channels.count, channels.first)
        codebooks.describe(block)
        coding.describe(block)

    return ValuesPlan(
        codebooks.bytes + coding.bytes + 8,
        describe,
        lambda block, start, stop: coding.write(block, indices[start:stop]),
    )


class _Listed:
    """The codebooks of all channels, one after the other."""

    kind = form.CHANNEL_CODEBOOKS

    def __init__(self, sizes: Array, entries: "_Entries") -> None:
        self._sizes, self._entries = sizes, entries
        self._coding = integers.choose(sizes)
        self.bytes = self._coding.bytes + entries.bytes

    def describe(self, block: Block) -> None:
        self._coding.describe(block)
        self._coding.write(block, self._sizes)
        self._entries.describe(block)


class _Scaled:
    """One codebook for all channels, and a factor for each."""

    kind = form.SCALED_CODEBOOK

    def __init__(self, fit: scaled.Fit) -> None:
        self._fit = fit
        self._corrections = np.where(fit.corrections < 0, -2 * fit.corrections - 1, 2 * fit.corrections)
        self._coding = integers.choose(self._corrections)
        self.bytes = fit.base.nbytes + fit.scales.nbytes + self._coding.bytes + 2

    def describe(self, block: Block) -> None:
        block.number(len(self._fit.base))
        block.plain(self._fit.base.tobytes())
        block.plain(self._fit.scales.tobytes())
        self._coding.describe(block)
        self._coding.write(block, self._corrections)


class _Entries:
    """The entries of codebooks, each rising, one codebook after the other."""

    def __init__(self, entries: Array, sizes: Array, width: int) -> None:
        self._entries = entries
        self.bytes = len(entries) * max(width, 8) / 8 + 1
        self._rising = False
        if width <= 32:
            heads = (np.cumsum(sizes) - sizes)[sizes > 0]
            inner = np.ones(len(entries), bool)
            inner[heads] = False
            self._firsts = entries[heads]
            # Across the border of two codebooks the difference means nothing, and is left out.
            self._steps = np.diff(entries, prepend=entries[:1])[inner] - inner[inner].astype(entries.dtype)
            self._codings = integers.choose(self._firsts), integers.choose(self._steps)
            rising = sum(coding.bytes for coding in self._codings) + 1
            if rising < self.bytes:
                self.bytes, self._rising = rising, True

    def describe(self, block: Block) -> None:
        if not self._rising:
            block.number(form.ENTRIES_PLAIN)
            block.plain(self._entries.tobytes())
            return
        block.number(form.ENTRIES_RISING)
        for coding, numbers in zip(self._codings, (self._firsts, self._steps), strict=True):
            coding.describe(block)
            coding.write(block, numbers)


def _fields(values: Array, width: int) -> ValuesPlan:
    splits = _SPLITS.get(width, ((width,),))
    sample = values[:: max(1, len(values) // _SAMPLE)]
    split = splits[0]
    if len(splits) > 1:
        split = min(splits, key=lambda each: sum(integers.choose(part).bytes for part in _cut(sample, each)))
    codings = [integers.choose(part) for part in _cut(values, split)]

    def describe(block: Block) -> None:
        block.number(form.FIELDS, len(split), *split)
        for coding in codings:
            coding.describe(block)

    def write(block: Block, start: int, stop: int) -> None:
        for coding, part in zip(codings, _cut(values[start:stop], split), strict=True):
            coding.write(block, part)

    return ValuesPlan(2 + len(split) + sum(coding.bytes for coding in codings), describe, write)


def _cut(values: Array, widths: tuple[int, ...]) -> list[Array]:
    """The bit fields of ``values``, from the highest."""
    left = sum(widths)
    fields = []
    for width in widths:
        left -= width
        field = values >> values.dtype.type(left)
        fields.append(field & values.dtype.type((1 << width) - 1))
    return fields
