"""The Pareto front of three costs."""

import bisect
import math
from collections.abc import Sequence

Cost = tuple[float, float, float]


def best(costs: Sequence[Cost]) -> list[bool]:
    """For each of ``costs``, whether no other is as low in all three numbers and lower in one."""
    leading: set[Cost] = set()
    # In the order of the first objective, whatever dominates a cost comes before it; of those before, the second
    # objective rises and the third falls along the stairs (Kung, Luccio and Preparata, Journal of the ACM 22, 1975).
    stairs: list[tuple[float, float]] = []
    for cost in sorted(set(costs)):
        place = bisect.bisect_right(stairs, (cost[1], math.inf))
        if place and stairs[place - 1][1] <= cost[2]:
            continue
        leading.add(cost)
        end = place
        while end < len(stairs) and stairs[end][1] >= cost[2]:
            end += 1
        if place and stairs[place - 1][0] == cost[1]:
            place -= 1
        stairs[place:end] = [(cost[1], cost[2])]
    return [cost in leading for cost in costs]
