"""Choosing how to store the tensors of a model: the fewest bytes among all encodings that hold them exactly.

A tensor is stored alone (``raw``, ``float16``, ``constant``) or in a group (``group``). Modes: ``fast-load`` takes the
coders that are decoded in one pass, ``smallest`` all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgecompress.encode import group
from edgecompress.encode.coders.split import fits
from edgecompress.encode.group import MOST_ELEMENTS, Group, Planned
from edgecompress.encode.member import SPLIT, Member
from edgecompress.encode.partition import Costs, Mode, streams
from edgecompress.encode.single import Single, alone
from edgecompress.encode.weights import MOST_DISTINCT, Floats, Weights
from edgecompress.encode.worth import worthwhile

SPLIT_SIZES = range(16, 2**16)
"""How many elements a tensor may have whose values are split: biases and the like. Of large ones a sixth could be saved
too, but each element takes some 40 bytes of memory while it is decoded."""

SPLIT_BYTES = 3.4
"""About what a split value takes."""


@dataclass(frozen=True, eq=False)
class Choice:
    """The tensors that are stored in a group and those stored alone, and ``notes``: why one is no smaller than raw."""

    group: Group | None
    singles: dict[str, Single]
    notes: dict[str, str]


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
    found = {name: best for name in varied if (best := _member(name, weights[name], mode, costs))}
    split = {name: weights[name] for name in varied if _splits(weights[name], found.get(name), mode, costs)}
    tried = [list(found.values())]
    if split:  # what decodes them is spent once, and is worth it for many: so both without and with
        tried.append([*(each for name, each in found.items() if name not in split), Member.of_split(split)])
        plain[SPLIT] = sum(plain[name] for name in split)
    groups = [_group(each, plain, mode, costs) for each in tried]
    gains = [(sum(plain[name] for name in each.parts) - group_bytes(each), each) for each in groups if each]
    gain, encoded = max(gains, key=lambda found: found[0], default=(0, None))
    encoded = encoded if gain > 0 else None
    together = encoded.labels() if encoded else {}
    singles = {name: single for name, single in singles.items() if name not in together}
    notes = {name: _reason(weights[name]) for name, single in singles.items() if single.kind == "raw"}
    return Choice(encoded, singles, notes)


def _group(candidates: list[Member], plain: Mapping[str, int], mode: Mode, costs: Costs) -> Group | None:
    """The group of those of the candidates that are worth it, if any are."""
    gaps, values = worthwhile(candidates, plain, mode, costs)
    return group.encode(gaps, values) if values else None


def _member(name: str, weights: Weights, mode: Mode, costs: Costs) -> Member | None:
    """The tensor as the kind of member, sparse or not, that is smaller by itself; ``None`` if it can be neither."""
    stored = len(weights.positions)
    kinds = []
    if 0 < stored < weights.array.size <= MOST_ELEMENTS:
        kinds.append(Member.of(name, weights, sparse=True))
    whole = Member.of(name, weights, sparse=False)
    if weights.array.size and whole.values == "palette":
        kinds.append(whole)
    return min(kinds, key=lambda each: _cost(streams([each], mode, costs)) + each.beside, default=None)


def _splits(weights: Weights, best: Member | None, mode: Mode, costs: Costs) -> bool:
    """Return whether a tensor's values can be split, and take less so than as the member that it is at best."""
    size = weights.array.size
    if size not in SPLIT_SIZES or weights.is_float16 or not fits(weights.patterns):
        return False
    # One of several dimensions is reshaped, which takes operators.
    spent = SPLIT_BYTES * size + (costs.split if weights.array.ndim == 1 else costs.member)
    return spent < (4 * size if best is None else _cost(streams([best], mode, costs)) + best.beside + costs.member)


def _cost(planned: tuple[list[Planned], list[Planned]]) -> int:
    return sum(stream.cost for kind in planned for stream in kind)


def _reason(weights: Weights) -> str:
    """The reason why a tensor is stored raw."""
    if not weights.array.size:
        return "it is empty"
    if len(weights.positions) == weights.array.size and len(np.unique(weights.patterns[: 1 << 16])) > MOST_DISTINCT:
        return f"it has no zero element and more than {MOST_DISTINCT} distinct values"
    return "any other encoding takes more bytes"
