"""The cheapest partition of few things: of all of them where there are very few, else what moving one by one finds.

A part is a set of things, as the bits of a number. What a set costs is asked for once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

EXACT = 8
"""Things up to which all partitions are compared: 2**8 sets are weighed for that."""

SEEDS = 4
"""Things of each part with which a new part is tried: those that fit in it least."""

Parts = list[int]


class Moving:
    """Partitions of few things, and what changes them for the better."""

    def __init__(self, weigh: Callable[[int], int | None]) -> None:
        self._weigh = weigh
        self._known: dict[int, float] = {0: 0}

    def cost(self, part: int) -> float:
        """The cost of a set; infinity where it cannot be a part."""
        if part not in self._known:
            found = self._weigh(part)
            self._known[part] = float("inf") if found is None else found
        return self._known[part]

    def total(self, parts: Iterable[int]) -> float:
        """The total cost of all parts."""
        return sum(map(self.cost, parts))

    def best(self, blocks: Sequence[int]) -> Parts:
        """The cheapest way to put disjoint sets together, of all ways."""
        sets = [0]
        for block in blocks:
            sets += [some | block for some in sets]
        least: list[tuple[float, int]] = [(0, 0)]  # of each choice of blocks, with one of its parts
        for chosen in range(1, len(sets)):
            first = 1 << (chosen.bit_length() - 1)
            others = chosen ^ first
            ways = (some | first for some in _subsets(others))
            least.append(min((self.cost(sets[some]) + least[chosen ^ some][0], some) for some in ways))
        parts, left = [], len(sets) - 1
        while left:
            parts.append(sets[least[left][1]])
            left ^= least[left][1]
        return parts

    def improved(self, parts: Sequence[int]) -> Parts:
        """Parts changed for as long as they get cheaper: things moved, parts joined, parts divided."""
        found, before = list(parts), float("inf")
        while self.total(found) < before:
            before = self.total(found)
            found = self._divided(self._joined(self._moved(found)))
        return found

    def _moved(self, parts: Parts) -> Parts:
        """Each thing, one after the other, where the whole then costs least: in another part, or alone."""
        for thing in _things(sum(parts)):
            home = next(part for part in parts if part & thing)
            others = [part for part in parts if part != home]
            ways = [parts, [*others, home ^ thing, thing]]
            ways += [[*others[:n], part | thing, *others[n + 1 :], home ^ thing] for n, part in enumerate(others)]
            parts = [part for part in min(ways, key=self.total) if part]
        return parts

    def _joined(self, parts: Parts) -> Parts:
        """Two parts as one, for as long as that is cheaper."""
        while True:
            pairs = ((n, m) for m in range(len(parts)) for n in range(m))
            ways = [[*parts[:n], parts[n] | parts[m], *parts[n + 1 : m], *parts[m + 1 :]] for n, m in pairs]
            best = min([parts, *ways], key=self.total)
            if best is parts:
                return parts
            parts = best

    def _divided(self, parts: Parts) -> Parts:
        """Each part, if that is cheaper, as two: one of something that fits in it least, and of what follows it."""
        found = []
        for part in parts:
            misfits = sorted(
                _things(part), key=lambda thing: self.cost(thing) - self.cost(part) + self.cost(part ^ thing)
            )
            found += min([[part], *(self._followed(part, thing) for thing in misfits[:SEEDS])], key=self.total)
        return [part for part in found if part]

    def _followed(self, part: int, seed: int) -> Parts:
        rest = part ^ seed
        for thing in sorted(_things(rest), key=lambda one: self.cost(seed | one) - self.cost(one)):
            if self.cost(seed | thing) - self.cost(seed) < self.cost(rest) - self.cost(rest ^ thing):
                seed, rest = seed | thing, rest ^ thing
        return [rest, seed]


def _things(part: int) -> list[int]:
    return [1 << number for number in range(part.bit_length()) if part >> number & 1]


def _subsets(part: int) -> Iterator[int]:
    some = part
    while some:
        yield some
        some = (some - 1) & part
    yield 0
