"""Choosing how to store the tensors of a model: the fewest bytes among all encodings that hold them exactly.

A tensor is stored alone (``raw``, ``float16``, ``constant``) or in a group (``group``). Modes: ``fast-load`` takes the
coders that are decoded in one pass, ``smallest`` all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from edgecompress.encode import group
from edgecompress.encode.group import MOST_ELEMENTS, Group
from edgecompress.encode.member import Member
from edgecompress.encode.partition import Costs, Mode, Planned, partition, plan
from edgecompress.encode.single import Single, alone
from edgecompress.encode.weights import MOST_DISTINCT, Floats, Weights


@dataclass(frozen=True, eq=False)
class Choice:
    """How each tensor is stored, and ``notes``: why one is stored no smaller than raw."""

    groups: list[Group] = field(default_factory=list)
    singles: dict[str, Single] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def choose(
    arrays: Mapping[str, Floats],
    mode: Mode,
    costs: Costs,
    *,
    single_bytes: Callable[[str, Single], int],
    group_bytes: Callable[[Group], int],
) -> Choice:
    """The encoding of each of ``arrays`` (float32, any shape).

    Args:
        arrays: by name.
        mode: which coders may be used.
        costs: roughly what the file format spends on decoding, for merging.
        single_bytes: exactly what the file spends on a tensor that is stored alone.
        group_bytes: exactly what the file spends on a group.
    """
    weights = {name: Weights(array) for name, array in arrays.items()}
    singles = {name: alone(each, partial(single_bytes, name)) for name, each in weights.items()}
    plain = {name: single_bytes(name, single) for name, single in singles.items()}
    varied = [name for name, single in singles.items() if single.kind != "constant"]
    candidates = [best for name in varied if (best := _member(name, weights[name], mode, costs))]
    choice = Choice(singles=singles)
    for planned in partition(candidates, mode, costs):
        kept = _worthwhile(planned, plain, mode, costs)
        if kept is None:
            continue
        encoded = group.encode(kept.members, kept.spec)
        if group_bytes(encoded) < sum(plain[part.name] for part in encoded.parts):
            choice.groups.append(encoded)
            for part in encoded.parts:
                del choice.singles[part.name]
    for name, single in choice.singles.items():
        if single.kind == "raw":
            choice.notes[name] = _reason(weights[name])
    return choice


def _member(name: str, weights: Weights, mode: Mode, costs: Costs) -> Member | None:
    """The tensor as the kind of member, sparse or not, that is smaller by itself; ``None`` if it can be neither."""
    zeros = weights.array.size - len(weights.positions)
    kinds = []
    if zeros and len(weights.positions) and weights.array.size <= MOST_ELEMENTS:
        kinds.append(Member.of(name, weights, sparse=True))
    whole = Member.of(name, weights, sparse=False)
    if weights.array.size and whole.values == "palette":
        kinds.append(whole)
    return min(kinds, key=lambda each: plan([each], mode, costs).cost, default=None)


def _worthwhile(planned: Planned, plain: Mapping[str, int], mode: Mode, costs: Costs) -> Planned | None:
    """The group without the members that take fewer bytes alone than they add to it; ``None`` if none is left."""
    members = list(planned.members)
    cost = planned.cost
    for each in sorted(planned.members, key=lambda member: plain[member.name]):
        rest = [other for other in members if other is not each]
        without = plan(rest, mode, costs).cost if rest else 0
        if cost - without >= plain[each.name]:
            members, cost = rest, without
    return plan(members, mode, costs) if members else None


def _reason(weights: Weights) -> str:
    """Why a tensor is stored raw."""
    if not weights.array.size:
        return "it is empty"
    if len(weights.positions) == weights.array.size and len(np.unique(weights.patterns[: 1 << 16])) > MOST_DISTINCT:
        return f"it has no zero element and more than {MOST_DISTINCT} distinct values"
    return "any other encoding takes more bytes"
