"""The tensors that are worth a place in a group: a small one may add more to its streams than it takes alone."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgecompress.encode.group import LARGE, Planned
from edgecompress.encode.member import Member
from edgecompress.encode.partition import Costs, Mode, gap_coder, streams, value_coder
from edgecompress.encode.sums import GapSums, ValueSums, total


@dataclass(eq=False)
class _Stream:
    """A stream that members leave: their sums, what is left of them, and what that costs."""

    each: dict[str, Any]
    sums: Any
    cost: int
    weigh: Callable[[Any], int]

    def without(self, name: str) -> tuple[Any, int]:
        """The sums and the cost once a member has left."""
        if len(self.each) == 1:
            return None, 0
        rest = self.sums - self.each[name]
        return rest, self.weigh(rest)


def worthwhile(
    members: Sequence[Member], plain: Mapping[str, int], mode: Mode, costs: Costs
) -> tuple[list[Planned], list[Planned]]:
    """The streams of gaps and values of the members that are worth it.

    Those that take fewer bytes alone than they add to their streams leave, the smallest first.

    ``plain``: what each takes alone, by name.
    """

    def weigh_gaps(sums: GapSums) -> int:
        coded = gap_coder(sums, mode, costs)
        assert coded, "a part of what can share a stream can share one too"
        return coded[1]

    def weigh_values(sums: ValueSums) -> int:
        return value_coder(sums, mode, costs)[1]

    gaps, values = streams(members, mode, costs)
    open_streams = [_stream(planned, GapSums.of, weigh_gaps) for planned in gaps]
    open_streams += [_stream(planned, ValueSums.of, weigh_values) for planned in values]
    homes: dict[str, list[_Stream]] = {}
    for stream in open_streams:
        for name in stream.each:
            homes.setdefault(name, []).append(stream)
    alike = Counter(_kind(member) for member in members)
    dropped = set()
    for member in sorted(members, key=lambda member: plain[member.name]):
        name = member.name
        own = costs.alike if alike[_kind(member)] > 1 else costs.member
        added = (costs.split * len(member.split) if member.split else own) + member.beside
        left = [(stream, *stream.without(name)) for stream in homes[name]]
        added += sum(stream.cost - cost for stream, _, cost in left)
        if added < plain[name]:
            continue
        dropped.add(name)
        alike[_kind(member)] -= 1
        for stream, rest, cost in left:
            del stream.each[name]
            stream.sums, stream.cost = rest, cost
    if not dropped:
        return gaps, values
    return streams([each for each in members if each.name not in dropped], mode, costs)


def _kind(member: Member) -> tuple[object, ...]:
    """The key that is the same for tensors that are cut off together."""
    shape = member.weights.array.shape
    return (member.sparse, shape[1:]) if shape and member.weights.array.size < LARGE else (member.name,)


def _stream(planned: Planned, sums: Callable[[Member], Any], weigh: Callable[[Any], int]) -> _Stream:
    each = {member.name: sums(member) for member in planned.members}
    return _Stream(each, total(each.values()), planned.cost, weigh)
