"""Partitions of things whose cost depends on sums: near the cheapest, in near-linear time.

Things lie in a row, ordered by a number that says which are alike. Neighbours are merged, those that gain most first,
for as long as there is a gain: a merge changes what its two neighbours would gain and nothing else, so a heap whose
outdated entries are skipped holds all there is to know. The few parts that are left are compared all with all. Then
single things move to where they cost less.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, or_
from typing import Any, Generic, Protocol, TypeVar

from edgecompress.encode.moving import EXACT, Moving

ALL = BLOCKS = 24
"""So many parts are left by neighbours alone. What is tried with them takes as long however many things there are."""

WAYS = 3
"""Parts that a thing may move to: the nearest of them."""


class Sums(Protocol):
    """The sums that decide the cost of a part."""

    def __add__(self, other: Any) -> Any:
        """The sums of two parts that become one."""

    def __sub__(self, other: Any) -> Any:
        """The sums of a part that another one leaves."""

    @property
    def signature(self) -> float:
        """A number that is near where things are alike."""


S = TypeVar("S", bound=Sums)
Cost = Callable[[S], int | None]


@dataclass(frozen=True, eq=False)
class _Part(Generic[S]):
    """Things by their numbers, what their cost depends on, and the cost."""

    things: tuple[int, ...]
    sums: S
    cost: int

    @property
    def key(self) -> tuple[float, tuple[int, ...]]:
        """The key of its place in the row."""
        return self.sums.signature, self.things


def partition(sums: Sequence[S], cost: Cost[S]) -> list[list[int]]:
    """The numbers of the things in each part, rising, and the parts by the first of each.

    Args:
        sums: of each thing.
        cost: of a part with such sums; ``None`` where there can be no such part. For a single thing there is one.
    """
    alone = [part for number, each in enumerate(sums) if (part := _part((number,), each, cost))]
    found = _few(alone if len(alone) <= BLOCKS else _Row(alone, cost, 1).merge(BLOCKS), cost)
    if len(alone) > BLOCKS:
        found = _moved(found, sums, cost)
    return sorted(sorted(part.things) for part in found)


def _few(blocks: Sequence[_Part[S]], cost: Cost[S]) -> list[_Part[S]]:
    """Few parts put together: the cheaper of what merging and the best of larger blocks lead to."""
    numbers = {thing: 1 << number for number, block in enumerate(blocks) for thing in block.things}

    def joined(some: int) -> S:
        return _total(block.sums for number, block in enumerate(blocks) if some >> number & 1)

    def sets(parts: Sequence[_Part[S]]) -> list[int]:
        return [reduce(or_, (numbers[thing] for thing in part.things)) for part in parts]

    moving = Moving(lambda some: cost(joined(some)))
    if len(blocks) <= EXACT:
        found = moving.best([1 << number for number in range(len(blocks))])
    else:
        starts = [sets(_Row(blocks, cost, ALL).merge()), moving.best(sets(_Row(blocks, cost, 1).merge(EXACT)))]
        found = min(map(moving.improved, starts), key=moving.total)
    return [
        _Part(tuple(thing for thing, number in numbers.items() if number & some), joined(some), int(moving.cost(some)))
        for some in found
    ]


def _total(sums: Iterable[S]) -> S:
    """All of them added."""
    found: S = reduce(add, sums)
    return found


def _part(things: tuple[int, ...], sums: S, cost: Cost[S]) -> _Part[S] | None:
    found = cost(sums)
    return None if found is None else _Part(things, sums, found)


class _Row(Generic[S]):
    """Parts in a row, some of which merge, and what those near each other would gain."""

    def __init__(self, parts: Sequence[_Part[S]], cost: Cost[S], reach: int) -> None:
        self._cost, self._reach = cost, reach
        self.parts = dict(enumerate(sorted(parts, key=lambda part: part.key)))
        self._before = {place: place - 1 for place in self.parts}
        self._after = {place: place + 1 for place in self.parts}
        self._offers = 0
        self._heap: list[tuple[int, float, int, int, int, _Part[S], _Part[S], S]] = []

    def merge(self, down_to: int = 0) -> list[_Part[S]]:
        """Merge the two that gain most, of equal ones the most alike, for as long as there is a gain.

        With ``down_to``, so many parts are left, even if there was a loss.
        """
        self._all = bool(down_to)
        for place in self.parts:
            for right in self._near(place, self._after):
                self._offer(place, right)
        while self._heap and len(self.parts) > max(down_to, 1):
            lost, _, left, right, _, one, other, both = heapq.heappop(self._heap)
            if self.parts.get(left) is one and self.parts.get(right) is other:
                self._join(left, right, _Part(one.things + other.things, both, one.cost + other.cost + lost))
        return list(self.parts.values())

    def _offer(self, left: int, right: int) -> None:
        one, other = self.parts[left], self.parts[right]
        both = one.sums + other.sums
        cost = self._cost(both)
        if cost is not None and (self._all or cost < one.cost + other.cost):
            apart = abs(one.sums.signature - other.sums.signature)
            self._offers += 1
            lost = cost - one.cost - other.cost
            heapq.heappush(self._heap, (lost, apart, left, right, self._offers, one, other, both))

    def _join(self, left: int, right: int, both: _Part[S]) -> None:
        self.parts[left] = both
        del self.parts[right]
        before, after = self._before[right], self._after[right]
        self._after[before] = after
        if after in self.parts:
            self._before[after] = before
        for other in self._near(left, self._before):
            self._offer(other, left)
        for other in self._near(left, self._after):
            self._offer(left, other)

    def _near(self, place: int, step: dict[int, int]) -> list[int]:
        found: list[int] = []
        while len(found) < self._reach and (place := step[place]) in self.parts:
            found.append(place)
        return found


def _moved(parts: Sequence[_Part[S]], sums: Sequence[S], cost: Cost[S]) -> list[_Part[S]]:
    """Each thing moved, one after the other, to the part where the whole then costs least."""
    costs = [part.cost for part in parts]
    totals = [part.sums for part in parts]
    things = [set(part.things) for part in parts]
    homes = {number: place for place, part in enumerate(parts) for number in part.things}
    for number, each in enumerate(sums):
        home = homes[number]
        rest = totals[home] - each
        left = cost(rest) if len(things[home]) > 1 else 0
        assert left is not None, "less of what may be together may be, too"
        others = (n for n in range(len(parts)) if n != home and things[n])
        ways = sorted((abs(totals[n].signature - each.signature), n) for n in others)
        best = (costs[home], home, 0, each)
        for _, place in ways[:WAYS]:
            both = totals[place] + each
            joined = cost(both)
            if joined is not None and left + joined - costs[place] < best[0]:
                best = (left + joined - costs[place], place, joined, both)
        _, place, joined, both = best
        if place != home:
            homes[number] = place
            things[home].remove(number)
            things[place].add(number)
            totals[home], totals[place], costs[home], costs[place] = rest, both, left, joined
    moved = zip(things, totals, costs, strict=True)
    return [_Part(tuple(sorted(some)), total, taken) for some, total, taken in moved if some]
