"""Numbers as people read them: three significant digits, and never an exponent."""

import math
import statistics
from collections.abc import Sequence

from edgecompress.compress.record import TOP_1


def significant(value: float, digits: int = 3) -> str:
    """``value`` with that many significant digits: 0.0821, 1.23, 123, 12,300."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    # Rounding can carry into a new digit: 9.996 is 10.0, not 10.00.
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(0, places)}f}"


def spread(values: Sequence[float], decimals: int = 2) -> str:
    """The mean of the seeds' values and, of several, the least and the most."""
    mean = f"{statistics.fmean(values):.{decimals}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{decimals}f} to {max(values):.{decimals}f})"


def milliseconds(nanoseconds: float | None) -> str:
    """A time in ms; a dash for none."""
    return "-" if nanoseconds is None else significant(nanoseconds / 1e6)


def mebibytes(size: int | None) -> str:
    """A size in MiB; a dash for none."""
    return "-" if size is None else significant(size / 2**20)


def percent(value: float | None) -> str:
    """A percentage; a dash for none. Two decimals, since a test set resolves them."""
    return "-" if value is None else f"{value:.2f}"


def of_metric(value: float | None, metric: str) -> str:
    """A value or a drop of a metric: top-1 accuracy in percent, any other with five digits; a dash for none."""
    return percent(value) if value is None or metric == TOP_1 else f"{value:.5g}"


def unit_of(metric: str) -> str:
    """The unit of a metric's drops, for a heading."""
    return "points" if metric == TOP_1 else metric
