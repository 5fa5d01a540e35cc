"""Views of ONNX values in TFLite tensors: the same elements, in axes of another order.

A :class:`View` cuts the ONNX shape into factors and says in which order the tensor has them. (N, C, H, W) held channels
last has the factors (N, C, H, W) in the order (0, 2, 3, 1); flattened to (N, C*H*W) it is still that tensor and that
view, only its ONNX shape is another. So reshapes and transpositions cost nothing until an operator needs other axes,
and what two of them undo is never computed.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

Shape = tuple[int, ...]


@dataclass(frozen=True)
class View:
    """``factors`` of an ONNX shape, first to last; tensor axis i is factor ``order[i]``."""

    factors: Shape
    order: tuple[int, ...]

    @property
    def shape(self) -> Shape:
        """The tensor's shape."""
        return tuple(self.factors[factor] for factor in self.order)


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
    fine = refinement(view.factors, shape)
    if fine is None:
        return plain(shape)
    places = {factor: place for place, factor in enumerate(sequence(view, fine))}
    keys, last = [], -1
    for group in cut(shape, fine):
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


def refinement(left: Shape, right: Shape) -> Shape | None:
    """The factors above 1 that both ``left`` and ``right`` are made of; None where there are none."""
    cuts = sorted({prod(shape[: end + 1]) for shape in (left, right) for end in range(len(shape))} | {1})
    if any(high % low for low, high in pairwise(cuts)):
        return None
    return tuple(high // low for low, high in pairwise(cuts))


def cut(factors: Shape, fine: Shape) -> list[list[int]]:
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


def sequence(view: View, fine: Shape) -> list[int]:
    """The finer factors in the order of the tensor."""
    parts = cut(view.factors, fine)
    return [part for factor in view.order for part in parts[factor]]
