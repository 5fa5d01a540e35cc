"""The smallest rate that keeps within a drop: down step by step until it hurts, then once between."""

import math
from collections.abc import Callable

from edgecompress.compress.drop import Drop

START = 0.5
"""Bits a weight to begin with, where the recipe says none."""

STEP = 0.75
LEAST, MOST = 0.02, 4.0
"""Bits a weight beyond which nothing is tried."""


def walk(limit: float, start: float, attempt: Callable[[float], Drop]) -> tuple[list[float], float | None]:
    """The rates that were tried, in their order, and the smallest of them whose drop is at most ``limit``.

    Down from ``start`` until chance alone cannot explain what is lost beyond the limit: the lower end of the drop's
    interval passes it. Up from ``start`` where nothing below holds. Then once between the smallest that holds and the
    next one below.

    Args:
        limit: points of accuracy.
        start: bits a weight.
        attempt: compresses to a rate and judges. It is asked for no rate twice.
    """
    found: dict[float, Drop] = {}

    def hurts(rate: float) -> bool:
        found[rate] = attempt(rate)
        return found[rate].low > limit

    def holding() -> float | None:
        return min((rate for rate, drop in found.items() if drop.points <= limit), default=None)

    rate = rounded(start)
    while not hurts(rate) and rounded(rate * STEP) >= LEAST:
        rate = rounded(rate * STEP)
    rate = rounded(start)
    while holding() is None and rounded(rate / STEP) <= MOST:
        rate = rounded(rate / STEP)
        hurts(rate)
    best = holding()
    below = max((rate for rate in found if best is not None and rate < best), default=None)
    if best is not None and below is not None:
        hurts(rounded(math.sqrt(best * below)))
    return list(found), holding()


def rounded(rate: float) -> float:
    """A rate as people write it: three digits."""
    return float(f"{rate:.3g}")
