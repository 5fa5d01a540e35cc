"""How a TFLite tensor holds an ONNX value: the same elements, in axes of another order.

A :class:`View` cuts the ONNX shape into factors and says in which order the tensor has them. (N, C, H, W) held channels
last has the factors (N, C, H, W) in the order (0, 2, 3, 1); flattened to (N, C*H*W) it is still that tensor and that
view, only its ONNX shape is another. So reshapes and transpositions cost nothing until an operator needs other axes,
and what two of them undo is never computed.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

Shape = tuple[int, ...]

# The most axes that the runtimes' TRANSPOSE has.
LARGEST_RANK = 6


@dataclass(frozen=True)
class View:
    """``factors`` of an ONNX shape, first to last; tensor axis i is factor ``order[i]``."""

    factors: Shape
    order: tuple[int, ...]

    @property
    def shape(self) -> Shape:
        """The tensor's shape."""
        return tuple(self.factors[factor] for factor in self.order)


@dataclass(frozen=True)
class Step:
    """A TRANSPOSE by ``order``, or where that is None a RESHAPE; either gives ``shape``."""

    shape: Shape
    order: tuple[int, ...] | None = None


def plain(shape: Shape) -> View:
    """The view of a tensor that has the ONNX shape itself."""
    return View(shape, tuple(range(len(shape))))


def channels_last(shape: Shape) -> View:
    """Axis 1 last, the others in their order; below rank 3 there is nothing to move."""
    rank = len(shape)
    return plain(shape) if rank < 3 else View(shape, (0, *range(2, rank), 1))


def groups(view: View, shape: Shape) -> list[range] | None:
    """The factors of each axis of the ONNX ``shape``, at least one; None where the cuts do not fall on its axes."""
    found, place = [], 0
    for size in shape:
        start, reached = place, 1
        while place < len(view.factors) and (reached < size or place == start):
            reached *= view.factors[place]
            place += 1
        if reached != size or place == start:
            return None
        found.append(range(start, place))
    if prod(view.factors[place:]) != 1 or (place < len(view.factors) and not found):
        return None
    if place < len(view.factors):
        found[-1] = range(found[-1].start, len(view.factors))
    return found


def axes(view: View, shape: Shape) -> tuple[int, ...] | None:
    """The tensor axis of each ONNX axis, beside which others of size 1 may be; None where an ONNX axis is several."""
    found = groups(view, shape)
    if found is None:
        return None
    chosen = []
    for group in found:
        larger = [factor for factor in group if view.factors[factor] != 1]
        if len(larger) > 1:
            return None
        chosen.append(view.order.index(larger[0] if larger else group[0]))
    return tuple(chosen)


def natural(view: View, shape: Shape) -> View:
    """One tensor axis an ONNX axis, in the order nearest to the tensor's: each axis where its largest factor lies."""
    fine = _refinement(view.factors, shape)
    if fine is None:
        return plain(shape)
    places = {factor: place for place, factor in enumerate(_sequence(view, fine))}
    keys, last = [], -1
    for group in _cut(shape, fine):
        if group:
            last = places[max(group, key=lambda factor: fine[factor])]
        keys.append(last)
    return View(shape, tuple(sorted(range(len(shape)), key=lambda axis: keys[axis])))


def broadcast(view: View, other: Shape, shape: Shape) -> View | None:
    """``view`` of ``shape`` with factors of 1 where ``other``, of that rank, has another size; None without groups."""
    found = groups(view, shape)
    if found is None:
        return None
    factors = list(view.factors)
    for group, size, whole in zip(found, other, shape, strict=True):
        if size != whole:
            for factor in group:
                factors[factor] = 1
    return View(tuple(factors), view.order)


def steps(source: View, target: View) -> list[Step]:
    """The fewest operators that make a tensor viewed as ``target`` of one viewed as ``source``.

    Both hold as many elements. Where their cuts do not fit each other, as in (2, 3) against (3, 2), the tensor is put
    in ONNX's order between them.
    """
    fine = _refinement(source.factors, target.factors)
    if fine is None:
        first, last = plain(source.factors), plain(target.factors)
        found = [*steps(source, first), Step(last.shape), *steps(last, target)]
    else:
        found = _transposed(source, target, fine)
    kept: list[Step] = []
    for index, step in enumerate(found):
        before = kept[-1].shape if kept else source.shape
        followed = index + 1 < len(found) and found[index + 1].order is None
        if step.order is not None or (step.shape != before and not followed):
            kept.append(step)
    return kept


def _transposed(source: View, target: View, fine: Shape) -> list[Step]:
    given, wanted = _sequence(source, fine), _sequence(target, fine)
    if given == wanted:
        return [Step(target.shape)]
    direct = _direct(source, target, fine)
    if direct is not None:
        return [direct, Step(target.shape)]
    onto = _onto(target, given, fine)
    if onto is not None:
        return onto
    # Axes that stay neighbours move as one.
    follows = dict(pairwise(given))
    blocks: list[list[int]] = []
    for factor in wanted:
        if blocks and follows.get(blocks[-1][-1]) == factor:
            blocks[-1].append(factor)
        else:
            blocks.append([factor])
    in_source = sorted(range(len(blocks)), key=lambda block: given.index(blocks[block][0]))
    sizes = [prod(fine[factor] for factor in block) for block in blocks]
    order = tuple(in_source.index(block) for block in range(len(blocks)))
    moved = Step(tuple(sizes), order)
    return [Step(tuple(sizes[block] for block in in_source)), moved, Step(target.shape)]


def _direct(source: View, target: View, fine: Shape) -> Step | None:
    """The TRANSPOSE of the tensor's own axes, where none has to be cut for it."""
    rank = len(source.order)
    if rank > LARGEST_RANK or any(len(group) > 1 for group in _cut(source.factors, fine)):
        return None
    sizes = source.shape
    units = [axis for axis in range(rank) if sizes[axis] == 1]
    larger = iter([axis for axis in range(rank) if sizes[axis] != 1])
    place = {factor: next(larger) for factor in _sequence(source, fine)}
    cut = _cut(target.factors, fine)
    order: list[int] = []
    for factor in target.order:
        order += [place[part] for part in cut[factor]] or ([units.pop(0)] if units else [])
    order += units
    return Step(tuple(sizes[axis] for axis in order), tuple(order))


def _onto(target: View, given: list[int], fine: Shape) -> list[Step] | None:
    """A RESHAPE to the target's own axes, as they follow each other in the tensor, and the TRANSPOSE of them."""
    cut = _cut(target.factors, fine)
    keys, last = [], -1
    for group in cut:
        places = [given.index(part) for part in group]
        if any(after != before + 1 for before, after in pairwise(places)):
            return None
        last = places[0] if places else last
        keys.append(last)
    if len(cut) > LARGEST_RANK:
        return None
    in_source = sorted(range(len(cut)), key=lambda factor: keys[factor])
    order = tuple(in_source.index(factor) for factor in target.order)
    return [Step(tuple(target.factors[factor] for factor in in_source)), Step(target.shape, order)]


def _refinement(left: Shape, right: Shape) -> Shape | None:
    """The factors above 1 that both ``left`` and ``right`` are made of; None where there are none."""
    cuts = sorted({prod(shape[: end + 1]) for shape in (left, right) for end in range(len(shape))} | {1})
    if any(high % low for low, high in pairwise(cuts)):
        return None
    return tuple(high // low for low, high in pairwise(cuts))


def _cut(factors: Shape, fine: Shape) -> list[list[int]]:
    """The finer factors that each of ``factors`` is made of."""
    found: list[list[int]] = []
    place = 0
    for size in factors:
        group, reached = [], 1
        while reached < size:
            reached *= fine[place]
            group.append(place)
            place += 1
        found.append(group)
    return found


def _sequence(view: View, fine: Shape) -> list[int]:
    """The finer factors in the order of the tensor."""
    cut = _cut(view.factors, fine)
    return [part for factor in view.order for part in cut[factor]]
