"""Search the number of channels to remove for a latency: measured, not guessed.

Between two networks that were measured, latency is taken for a power of the multiply-accumulates; where that says the
target lies, the next network is measured. What counts is never the estimate.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A network whose ratio is this near below the target is near enough: a step saves no less in small networks.
NEAR = 0.05
ATTEMPTS = 8
ATTEMPTS_BETWEEN = 3


@dataclass(frozen=True)
class MeasuredRatio:
    """Latency over the dense network's, of the two run in turn, and the 95 % interval of that ratio."""

    ratio: float
    low: float
    high: float


DENSE = MeasuredRatio(1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Removal:
    """The number of steps to remove, and the latency measured without them."""

    steps: int
    latency: MeasuredRatio


def fewest_steps(macs: Sequence[int], most: float) -> int:
    """The fewest steps after which at most ``most`` multiply-accumulates are left; ``macs[i]`` are left after i steps.

    All steps, where not even these are enough.
    """
    return min(bisect_left(range(len(macs)), True, key=lambda steps: macs[steps] <= most), len(macs) - 1)


def search(
    macs: Sequence[int],
    target: float,
    measure: Callable[[int], MeasuredRatio],
    *,
    now: MeasuredRatio,
    smallest: MeasuredRatio,
    last: bool = True,
) -> Removal:
    """The fewest steps found after which the whole interval of the latency lies at or below ``target``.

    Args:
        macs: multiply-accumulates left after 0, 1, 2 ... steps, falling.
        target: a fraction of the dense network's latency.
        measure: the latency after so many steps.
        now: the latency after none.
        smallest: the latency after all, not above ``target``.
        last: whether the target must be reached. If not, what is nearest to it after a few measurements will do.
    """
    slow, fast = Removal(0, now), Removal(len(macs) - 1, smallest)
    if now.high <= target:
        return slow
    tried: list[Removal] = []
    while fast.steps - slow.steps > 1 and len(tried) < (ATTEMPTS if last else ATTEMPTS_BETWEEN):
        steps = min(max(_estimate(macs, slow, fast, target), slow.steps + 1), fast.steps - 1)
        found = Removal(steps, measure(steps))
        tried.append(found)
        if found.latency.high <= target:
            fast = found
        else:
            slow = found
        if (found is fast or not last) and _distance(found, target) <= NEAR:
            break
    return fast if last or not tried else min(tried, key=lambda found: _distance(found, target))


def _distance(found: Removal, target: float) -> float:
    return abs(math.log(found.latency.ratio / target))


def _estimate(macs: Sequence[int], slow: Removal, fast: Removal, target: float) -> int:
    """The steps after which latency is a little below ``target``, on a straight line between the two in logarithms."""
    aim = (1 - NEAR / 2) * target
    x0, x1 = math.log(macs[slow.steps]), math.log(macs[fast.steps])
    y0, y1 = math.log(slow.latency.ratio), math.log(fast.latency.ratio)
    if y0 <= y1:  # noise: the two cannot be distinguished
        return (slow.steps + fast.steps) // 2
    part = min(max((y0 - math.log(aim)) / (y0 - y1), 0.0), 1.0)
    return fewest_steps(macs, math.exp(x0 + part * (x1 - x0)))
