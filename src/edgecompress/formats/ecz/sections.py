"""Choosing how an array of the file is coded, by computed bytes; ``agent.ecz.sections`` says what there is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from edgecompress.agent.ecz import sections as form
from edgecompress.agent.ecz.limits import PART_NUMBERS
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz import integers, values
from edgecompress.formats.ecz.block import Block
from edgecompress.formats.ecz.originals import COPY
from edgecompress.formats.ecz.values import Channels

_SAMPLE = 1 << 18
_LEAST_COMMON = 0.2
"""The fraction of one value from which on positions of the others are considered."""


@dataclass(frozen=True)
class EczSection:
    """One section: ``bytes`` that it takes, and a function that writes it, given where the cursor of the block is."""

    bytes: float
    write: Callable[[Block, int], int]
    "Takes the end of the last piece; returns the end of its own."


def plan_array(data: Array, at: int, width: int, channels: list[Channels], *, packed: bool) -> EczSection:
    """The section of an array.

    Args:
        data: its numbers, unsigned, of ``width`` bits (8 or more).
        at: its offset in the file, in bytes.
        width: bits of a number.
        channels: what may share codebooks.
        packed: whether its bytes may be packed numbers of other widths.
    """
    numbers = data
    if packed and width == 8:
        width = _packed_width(data)
        numbers = unpack_bits(data, width)
    plans = [_plain(numbers, at, width, channels)]
    times = [len(numbers)]
    common = _common(numbers)
    others = numbers != common
    if np.count_nonzero(others) < (1 - _LEAST_COMMON) * len(numbers):
        places = others.nonzero()[0]
        plans.append(_sparse(numbers, at, width, channels, places, common))
        times.append(2 * len(places))
    if width >= 16 and (numbers[1:] >= numbers[:-1]).all():
        steps = np.diff(numbers, prepend=numbers[:1])
        if int(steps.max()) < 1 << 32:
            plans.append(_rising(numbers, steps, at, width))
            times.append(len(numbers))
    return min(zip(plans, times, strict=True), key=lambda each: each[0].bytes + each[1] * integers.BYTES_A_SYMBOL)[0]


def _start(block: Block, kind: int, width: int, count: int, distance: int) -> None:
    block.number(kind, width, count)
    block.signed(distance)


def _plain(numbers: Array, at: int, width: int, channels: list[Channels]) -> EczSection:
    plan = values.choose(numbers, width, channels, lambda: np.arange(len(numbers)))

    def write(block: Block, cursor: int) -> int:
        _start(block, form.PLAIN, width, len(numbers), at - cursor)
        plan.describe(block)
        for start, stop in _parts(len(numbers)):
            plan.write(block, start, stop)
        return at + len(numbers) * width // 8

    return EczSection(plan.bytes + 8, write)


def _sparse(numbers: Array, at: int, width: int, channels: list[Channels], places: Array, common: int) -> EczSection:
    bounds = np.searchsorted(places, np.arange(0, len(numbers) + PART_NUMBERS, PART_NUMBERS))
    gaps = _gaps(places, range(0, len(numbers), PART_NUMBERS), bounds)
    coding = integers.choose(gaps)
    plan = values.choose(numbers[places], width, channels, lambda: places)

    def write(block: Block, cursor: int) -> int:
        _start(block, form.SPARSE, width, len(numbers), at - cursor)
        block.number(common)
        coding.describe(block)
        plan.describe(block)
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            block.number(stop - start)
            coding.write(block, gaps[start:stop])
            plan.write(block, start, stop)
        return at + len(numbers) * width // 8

    return EczSection(plan.bytes + coding.bytes + 10 + 2 * len(bounds), write)


def _gaps(places: Array, origins: Iterable[int], bounds: Array) -> Array:
    """The number of positions between two places; in each part from its origin on."""
    gaps = np.diff(places, prepend=-1) - 1
    for origin, first, last in zip(origins, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if first < last:
            gaps[first] = places[first] - origin
    return gaps


def _rising(numbers: Array, steps: Array, at: int, width: int) -> EczSection:
    coding = integers.choose(steps)

    def write(block: Block, cursor: int) -> int:
        _start(block, form.RISING, width, len(numbers), at - cursor)
        block.number(int(numbers[0]))
        coding.describe(block)
        for start, stop in _parts(len(numbers)):
            coding.write(block, steps[start:stop])
        return at + len(numbers) * width // 8

    return EczSection(coding.bytes + 16, write)


@dataclass(frozen=True, eq=False)
class CsrSection:
    """Some rows of a sparse TFLite tensor: its three arrays, and where they lie in the file, in bytes."""

    ends: Array
    "Behind the last index of each row, counted over the whole tensor; unsigned."
    indices: Array
    "Unsigned; rising in each row."
    values: Array
    "Unsigned."
    row: int
    "Length of a row."
    before: int
    "Indices of the tensor in the rows before these."
    at: tuple[int, int, int]

    def places(self) -> Array:
        """The positions in the flattened rows, int64."""
        counts: Array = np.diff(self.ends.astype(np.int64), prepend=self.before)
        return np.repeat(np.arange(len(self.ends)) * self.row, counts) + self.indices


def plan_csr(tensor: CsrSection, channels: list[Channels]) -> EczSection:
    """The section of some rows of a sparse tensor, whose positions rise and whose parts are within the limits."""
    places = tensor.places()
    width = 8 * tensor.values.itemsize
    step = max(1, min(PART_NUMBERS // tensor.row, len(tensor.ends)))
    starts = np.arange(0, len(tensor.ends), step)
    bounds = np.append(np.searchsorted(places, starts * tensor.row), len(places))
    gaps = _gaps(places, (starts * tensor.row).tolist(), bounds)
    coding = integers.choose(gaps)
    plan = values.choose(tensor.values, width, channels, lambda: places)

    def write(block: Block, cursor: int) -> int:
        block.number(form.CSR, width, 8 * tensor.indices.itemsize, 8 * tensor.ends.itemsize)
        block.number(len(tensor.ends), tensor.row, tensor.before, step, len(places))
        for offset, array in zip(tensor.at, (tensor.ends, tensor.indices, tensor.values), strict=True):
            block.signed(offset - cursor)
            cursor = offset + array.nbytes
        coding.describe(block)
        plan.describe(block)
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            block.number(stop - start)
            coding.write(block, gaps[start:stop])
            plan.write(block, start, stop)
        return cursor

    return EczSection(plan.bytes + coding.bytes + 24 + 2 * len(bounds), write)


def plan_copy(at: int, length: int, back: int, source: int) -> EczSection:
    """The section of ``length`` bytes at ``at`` that are also at ``source`` of the file ``back`` files before this."""

    def write(block: Block, cursor: int) -> int:
        block.number(form.COPY, length)
        block.signed(at - cursor)
        block.number(back, source)
        return at + length

    return EczSection(COPY, write)


def _parts(count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, PART_NUMBERS):
        yield start, min(start + PART_NUMBERS, count)


def _common(numbers: Array) -> int:
    """The value that occurs most often, judged by a sample."""
    found, counts = np.unique(numbers[:: max(1, len(numbers) // 4096)], return_counts=True)
    return int(found[counts.argmax()])


def _packed_width(data: Array) -> int:
    """The width of packed numbers that these bytes look like: the one of which they have the least order-0 entropy."""
    sample = data[: _SAMPLE // 840 * 840] if len(data) > _SAMPLE else data
    best, least = 8, np.inf
    for width in range(8, 0, -1):
        if len(data) * 8 % width or len(data) % (np.lcm(width, 8) // 8):
            continue
        counts = np.bincount(unpack_bits(sample, width))
        counts = counts[counts > 0]
        entropy = float(np.sum(counts * np.log2(counts.sum() / counts)))
        if entropy < least * 0.999:
            best, least = width, entropy
    return best


def unpack_bits(data: Array, width: int) -> Array:
    """The packed numbers of ``width`` bits in bytes; the inverse of ``agent.ecz.sections.pack_bits``."""
    if width == 8:
        return data
    bits = np.unpackbits(data, bitorder="little").reshape(-1, width)
    return np.packbits(bits, axis=1, bitorder="little").reshape(-1)
