"""Inputs to try a model file on: shapes for its free sizes, and ranges for its whole numbers.

A size is what the user says, else what the weights that read the input ask for, else guessed: one guess for all sizes
of an attempt, batches of one. Whole numbers may be indices, lengths, flags or pixels; nothing in a file says which.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from pydantic import Field

from edgecompress.equivalence.proof import Shapes
from edgecompress.errors import InputError
from edgecompress.record import Record

FIRST = (8, 32, 1, 2, 64, 224)
OTHERS = (
    3, 4, 5, 7, 10, 12, 14, 16, 20, 24, 28, 40, 48, 50, 56, 80, 96, 100, 112, 120, 128, 160, 192, 200, 240, 256, 288,
    299, 300, 320, 331, 384, 416, 448, 480, 512, 513, 600, 608, 640,
)  # fmt: skip
"""Sizes that networks are made for, those first that a network of any size takes soonest."""

LARGEST = 2**26
"""Elements of an input up to which it is tried."""

Axis = tuple[str, int]
"""An axis of an input, by the input's name."""


@dataclass(frozen=True)
class GraphInput:
    """An input of a model.

    Attributes:
        name: as a user says it.
        sizes: what the file fixes, and ``None`` for what it leaves free.
        free: names of the free sizes, by axis, where the file gives them: equal names are equal sizes.
        whole: whether it takes integers of more than 8 bits.
    """

    name: str
    sizes: tuple[int | None, ...]
    free: Mapping[int, str]
    whole: bool

    @property
    def stated(self) -> str:
        """Its shape as the file says it."""
        return ",".join(str(size or self.free.get(axis) or "?") for axis, size in enumerate(self.sizes))


class Attempt(Record):
    """Shapes of all inputs by name; wide integers are drawn from ``low`` up to, and without, ``high``."""

    shapes: dict[str, tuple[int, ...]]
    low: int = 0
    high: int = 2
    positive: bool = Field(default=False, description="floats from 0 to 1, not normal ones")


def attempts(
    inputs: Sequence[GraphInput], given: Shapes | None = None, wanted: Mapping[Axis, int] | None = None
) -> list[Attempt]:
    """The inputs to try on a model, likely ones first. Without free sizes and whole numbers there is little to choose.

    ``wanted`` are free sizes that weights ask for.

    Raises:
        InputError: a shape that was ``given`` is of no input, or does not fit it.
    """
    known = _checked(inputs, given or {})
    free = {axis: name for each in inputs for axis, name in _free(each) if axis not in known}
    asked = {axis: size for axis, size in (wanted or {}).items() if axis in free}
    found: dict[str, Attempt] = {}
    for sizes, guess in _sizes(free, asked):
        shapes = {each.name: _shape(each, known | sizes) for each in inputs}
        if any(prod(shape) > LARGEST for shape in shapes.values()):
            continue
        whole = any(each.whole for each in inputs)
        for low, high in [(0, 2), (1, 2), (0, 1), (guess, guess + 1)] if whole else [(0, 2)]:
            attempt = Attempt(shapes=shapes, low=low, high=high)
            found.setdefault(attempt.to_json(), attempt)
    made = sorted(found.values(), key=lambda each: (each.low, each.high) != (0, 2))
    return [*made, *(each.model_copy(update={"positive": True}) for each in made[:2])]


def hint(inputs: Sequence[GraphInput], given: Shapes | None) -> str:
    """The advice for a model that runs on none of its attempts; empty: there is none."""
    return "; give sizes with --shape" if not given and any(None in each.sizes for each in inputs) else ""


def _checked(inputs: Sequence[GraphInput], given: Shapes) -> dict[Axis, int]:
    by_name = {each.name: each for each in inputs}
    for name, shape in given.items():
        if name not in by_name:
            raise InputError(f"the model has no input '{name}'; it has {', '.join(map(repr, by_name)) or 'none'}")
        fixed = by_name[name].sizes
        if len(fixed) != len(shape) or any(has not in (None, size) for has, size in zip(fixed, shape, strict=True)):
            raise InputError(f"the model's input '{name}' has shape {by_name[name].stated}, which {shape} does not fit")
    return {(name, axis): size for name, shape in given.items() for axis, size in enumerate(shape)}


def _free(each: GraphInput) -> Iterator[tuple[Axis, str]]:
    """The axes of an input whose size the file leaves open, each with a name that equal sizes share."""
    for axis, size in enumerate(each.sizes):
        if size is None:
            yield (each.name, axis), each.free.get(axis) or f"{each.name} {axis}"


def _sizes(free: Mapping[Axis, str], wanted: Mapping[Axis, int]) -> Iterator[tuple[dict[Axis, int], int]]:
    """Sizes for all free axes, and the guess in them."""
    by_name = {free[axis]: size for axis, size in wanted.items()}
    first = {name for (_, axis), name in free.items() if axis == 0}
    guesses = (*FIRST, *OTHERS) if free else FIRST[:1]
    for batch, asked, guess in itertools.chain(
        ((1, by_name, guess) for guess in guesses),
        ((2, by_name, guess) for guess in guesses),
        ((guess, by_name, guess) for guess in guesses),
        ((guess, {}, guess) for guess in guesses),
    ):
        yield {axis: asked.get(name, batch if name in first else guess) for axis, name in free.items()}, guess


def _shape(each: GraphInput, sizes: Mapping[Axis, int]) -> tuple[int, ...]:
    return tuple(sizes.get((each.name, axis), size or 0) for axis, size in enumerate(each.sizes))
