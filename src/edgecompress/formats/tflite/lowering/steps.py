"""From one view of a tensor to another, by the fewest TRANSPOSE and RESHAPE operators."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from edgecompress.formats.tflite.lowering.views import Shape, View, cut, plain, refinement, sequence

# The most axes that the runtimes' TRANSPOSE has.
LARGEST_RANK = 6


@dataclass(frozen=True)
class LoweringStep:
    """A TRANSPOSE by ``order``, or where that is None a RESHAPE; either gives ``shape``."""

    shape: Shape
    order: tuple[int, ...] | None = None


def steps(source: View, target: View) -> list[LoweringStep]:
    """The fewest operators that make a tensor viewed as ``target`` of one viewed as ``source``.

    Both hold as many elements. Where their cuts do not fit each other, as in (2, 3) against (3, 2), the tensor is put
    in ONNX's order between them.
    """
    fine = refinement(source.factors, target.factors)
    if fine is None:
        first, last = plain(source.factors), plain(target.factors)
        found = [*steps(source, first), LoweringStep(last.shape), *steps(last, target)]
    else:
        found = _transposed(source, target, fine)
    kept: list[LoweringStep] = []
    for index, step in enumerate(found):
        before = kept[-1].shape if kept else source.shape
        followed = index + 1 < len(found) and found[index + 1].order is None
        if step.order is not None or (step.shape != before and not followed):
            kept.append(step)
    return kept


def _transposed(source: View, target: View, fine: Shape) -> list[LoweringStep]:
    given, wanted = sequence(source, fine), sequence(target, fine)
    if given == wanted:
        return [LoweringStep(target.shape)]
    direct = _direct(source, target, fine)
    if direct is not None:
        return [direct, LoweringStep(target.shape)]
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
    moved = LoweringStep(tuple(sizes), order)
    return [LoweringStep(tuple(sizes[block] for block in in_source)), moved, LoweringStep(target.shape)]


def _direct(source: View, target: View, fine: Shape) -> LoweringStep | None:
    """The TRANSPOSE of the tensor's own axes, where none has to be cut for it."""
    rank = len(source.order)
    if rank > LARGEST_RANK or any(len(group) > 1 for group in cut(source.factors, fine)):
        return None
    sizes = source.shape
    units = [axis for axis in range(rank) if sizes[axis] == 1]
    larger = iter([axis for axis in range(rank) if sizes[axis] != 1])
    place = {factor: next(larger) for factor in sequence(source, fine)}
    target_cut = cut(target.factors, fine)
    order: list[int] = []
    for factor in target.order:
        order += [place[part] for part in target_cut[factor]] or ([units.pop(0)] if units else [])
    order += units
    return LoweringStep(tuple(sizes[axis] for axis in order), tuple(order))


def _onto(target: View, given: list[int], fine: Shape) -> list[LoweringStep] | None:
    """A RESHAPE to the target's own axes, as they follow each other in the tensor, and the TRANSPOSE of them."""
    target_cut = cut(target.factors, fine)
    keys, last = [], -1
    for group in target_cut:
        places = [given.index(part) for part in group]
        if any(after != before + 1 for before, after in pairwise(places)):
            return None
        last = places[0] if places else last
        keys.append(last)
    if len(target_cut) > LARGEST_RANK:
        return None
    in_source = sorted(range(len(target_cut)), key=lambda factor: keys[factor])
    order = tuple(in_source.index(factor) for factor in target.order)
    return [LoweringStep(tuple(target.factors[factor] for factor in in_source)), LoweringStep(target.shape, order)]
