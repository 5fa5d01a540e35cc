"""Cells of a report's tables: a value and its text, one function a quantity, so that each reads the same everywhere."""

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgecompress.report import numbers
from edgecompress.report.document import Cell, Value
from edgecompress.report.numbers import mebibytes, milliseconds, percent, significant

if TYPE_CHECKING:
    from edgecompress.bench.statistics import Ratio

NONE = "-"


def words(text: str | None) -> Cell:
    """Text; a dash for none."""
    return Cell(text or NONE, text or None)


def count(value: int | None) -> Cell:
    """A whole number: bytes, samples, values."""
    return Cell(NONE if value is None else f"{value:,}", value)


def time(nanoseconds: float | None) -> Cell:
    """A time, in milliseconds."""
    return Cell(milliseconds(nanoseconds), None if nanoseconds is None else nanoseconds / 1e6)


def memory(size: int | None) -> Cell:
    """A size in memory, in MiB."""
    return Cell(mebibytes(size), None if size is None else size / 2**20)


def points(value: float | None) -> Cell:
    """A percentage or a difference of two, in points."""
    return Cell(percent(value), value)


def of_metric(value: float | None, metric: str) -> Cell:
    """A value or a drop of a metric, of the user's own or top-1 accuracy."""
    return Cell(numbers.of_metric(value, metric), value)


def spread(values: Sequence[float]) -> Cell:
    """The spread over the seeds: the mean, and of several the least and the most too."""
    return Cell(numbers.spread(values), statistics.fmean(values))


def part(fraction: float | None) -> Cell:
    """A fraction, as a percentage with one decimal."""
    return Cell(NONE if fraction is None else f"{100 * fraction:.1f}", None if fraction is None else 100 * fraction)


def times(ratio: float | None) -> Cell:
    """A ratio of sizes, as "12x"."""
    return Cell(NONE if ratio is None else f"{significant(ratio)}x", ratio)


def number(value: float | None, decimals: int = 2) -> Cell:
    """Any other number."""
    return Cell(NONE if value is None else f"{value:,.{decimals}f}", value)


def interval(ratio: "Ratio | None", decimals: int = 3) -> Cell:
    """A ratio with its 95 % interval."""
    if ratio is None:
        return Cell(NONE)
    return Cell(f"{ratio.ratio:.{decimals}f} ({ratio.low:.{decimals}f}-{ratio.high:.{decimals}f})", ratio.ratio)


def raw(value: Value) -> Cell:
    """A value for programs alone."""
    return Cell(NONE if value is None else str(value), value)
