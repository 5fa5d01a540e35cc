"""The language of ``--fail-on``: ``acc_drop>0.5,p90>20ms,size>2MB,p50>5%``, parsed strictly."""

import re
from dataclasses import dataclass
from decimal import Decimal

from edgecompress.compare.readings import METRIC, UNITS
from edgecompress.errors import InputError
from edgecompress.methods import unknown

TIMES = {"ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000}
SIZES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2}
DROP, OWN_DROP = "acc_drop", "metric_drop"
DROPS = {DROP: "acc", OWN_DROP: METRIC}
"""The metrics that are how much worse B is than A, by what they are of."""
METRICS = (*UNITS, *DROPS)
_LIMIT = re.compile(r"\s*(\w+)\s*([<>])\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z%]*)\s*")
_PLAIN = re.compile(r"[\d.]+")  # numbers of everything but the user's own metrics, which have any sign and size


@dataclass(frozen=True)
class Limit:
    """One limit: it is broken where the metric is beyond the bound.

    Attributes:
        text: as it was written.
        metric: one of ``METRICS``.
        above: whether it is broken above the bound, or below.
        bound: nanoseconds, bytes, percent, points, a ratio or the metric's own; with ``growth``, percent of A's value.
        growth: whether the bound is on what B is more than A, in percent of A.
    """

    text: str
    metric: str
    above: bool
    bound: float
    growth: bool = False

    def broken_by(self, value: float) -> bool:
        """Return whether a value is beyond the bound; one that is equal to it is not."""
        return value > self.bound if self.above else value < self.bound


def parse(text: str) -> list[Limit]:
    """The limits in ``text``, with commas between.

    Raises:
        InputError: one cannot be read; the line says which, and what to write.
    """
    return [_parse(part.strip()) for part in text.split(",")]


def _parse(text: str) -> Limit:
    found = _LIMIT.fullmatch(text)
    if found is None or not (_PLAIN.fullmatch(found[3]) or METRIC in (found[1], DROPS.get(found[1]))):
        raise InputError(f"'{text}' is no limit: write METRIC>NUMBER or METRIC<NUMBER and a unit, as p90>20ms")
    metric, sign, number, unit = found.groups()
    if metric not in METRICS:
        raise InputError(unknown("metric", metric, list(METRICS)))
    counted = "points" if metric == DROP else UNITS[DROPS.get(metric, metric)]
    scale: dict[str, int] = {
        "ns": TIMES,
        "bytes": SIZES,
        "percent": {"%": 1, "pt": 1},
        "points": {"": 1, "pt": 1},
        "ratio": {"": 1},
        "own": {"": 1},
    }[counted]
    growth = unit == "%" and counted in ("ns", "bytes")
    if not growth and unit not in scale:
        units = [each or "no unit" for each in scale] + (["%"] if counted in ("ns", "bytes") else [])
        given = f"'{unit}' is no unit of {metric}" if unit else f"{metric} needs a unit"
        raise InputError(f"'{text}': {given}; choose from: {', '.join(units)}")
    bound = float(Decimal(number) * (1 if growth else scale[unit]))
    return Limit(text, metric, sign == ">", bound, growth)
