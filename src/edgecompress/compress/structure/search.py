"""How much has to go for a latency: measured, not guessed.

Between two networks that were measured, latency is taken for a power of the multiply-accumulates; where that says the
target lies, the next network is measured. What counts is never the estimate.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A network whose ratio is within this fraction below the target is near enough: the next step saves no more than that.
NEAR = 0.05
ATTEMPTS = 8


@dataclass(frozen=True)
class Latency:
    """Latency over the dense network's, of the two run in turn, and the 95 % interval of that ratio."""

    ratio: float
    low: float
    high: float


DENSE = Latency(1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Found:
    """How many of the steps go, and what was measured without them."""

    steps: int
    latency: Latency


def fewest_steps(macs: Sequence[int], most: float) -> int:
    """The fewest steps after which at most ``most`` multiply-accumulates are left; ``macs[i]`` are left after i steps.

    All steps, where not even these are enough.
    """
    return min(bisect_left(range(len(macs)), True, key=lambda steps: macs[steps] <= most), len(macs) - 1)


def search(
    macs: Sequence[int],
    target: float,
    measure: Callable[[int], Latency],
    *,
    now: Latency,
    smallest: Latency,
    attempts: int = ATTEMPTS,
) -> Found:
    """The fewest steps found after which the whole interval of the latency lies at or below ``target``.

    Args:
        macs: multiply-accumulates left after 0, 1, 2 ... steps, falling.
        target: a fraction of the dense network's latency.
        measure: the latency after so many steps.
        now: the latency after none.
        smallest: the latency after all.
        attempts: measurements at most. With 1 the estimate is measured and taken, whatever comes out.
    """
    if now.high <= target or len(macs) == 1:
        return Found(0, now)
    slow, fast = Found(0, now), Found(len(macs) - 1, smallest)
    for attempt in range(1, attempts + 1):
        if fast.steps - slow.steps <= 1:
            break
        steps = min(max(_estimate(macs, slow, fast, target), slow.steps + 1), fast.steps - 1)
        found = Found(steps, measure(steps))
        if attempt == attempts == 1:
            return found
        if found.latency.high <= target:
            fast = found
            if found.latency.ratio >= (1 - NEAR) * target:
                break
        else:
            slow = found
    return fast


def _estimate(macs: Sequence[int], slow: Found, fast: Found, target: float) -> int:
    """The steps after which latency is a little below ``target``, on a straight line between the two in logarithms."""
    aim = (1 - NEAR / 2) * target
    x0, x1 = math.log(macs[slow.steps]), math.log(macs[fast.steps])
    y0, y1 = math.log(slow.latency.ratio), math.log(fast.latency.ratio)
    if y0 <= y1:  # noise: the two cannot be told apart
        return (slow.steps + fast.steps) // 2
    part = min(max((y0 - math.log(aim)) / (y0 - y1), 0.0), 1.0)
    return fewest_steps(macs, math.exp(x0 + part * (x1 - x0)))
