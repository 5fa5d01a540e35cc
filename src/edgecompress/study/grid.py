"""The cells of a grid, in the order of what they say.

The first value of each axis is its base. What an axis does is seen along it with all others at their base, so these
cells come first: every model and data set at the base, then the other sparsities, the clustering methods and bits,
distillation, the seeds. After them come the cells that leave the base in two respects, then in three.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

MODELS = ("alexnet", "resnet18", "vgg16bn", "vgg19bn")
DATA = ("fashion-mnist", "cifar-10", "uci-har")
METHOD = "kmeans"
"""The base of the clustering methods. Of each axis below, the base is the first value."""
SPARSITIES = (0.9, 0.5, 0.8, 0.95)
BITS = (4, 5, 3, 2)
SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class GridPoint:
    """A cell but for its width, which its recipe has."""

    model: str
    data: str
    sparsity: float
    method: str
    bits: int
    distill: bool
    seed: int


@dataclass(frozen=True)
class Grid:
    """The values of each axis, the base first; those of ``distill`` are whether."""

    models: Sequence[str]
    data: Sequence[str]
    sparsities: Sequence[float]
    methods: Sequence[str]
    bits: Sequence[int]
    distill: Sequence[bool]
    seeds: Sequence[int]

    def points(self) -> list[GridPoint]:
        """Every combination, once, in the order of what it says."""
        pairs = [(model, data) for model in dict.fromkeys(self.models) for data in dict.fromkeys(self.data)]
        sharing = list(itertools.product(dict.fromkeys(self.methods), dict.fromkeys(self.bits)))
        # One method's bits and one width's methods before the other pairs of both.
        sharing.sort(key=lambda pair: (pair[0] != self.methods[0]) + (pair[1] != self.bits[0]))
        axes = [list(dict.fromkeys(axis)) for axis in (self.sparsities, sharing, self.distill, self.seeds)]
        places = itertools.product(*(range(len(axis)) for axis in axes))
        found = []
        for at in sorted(places, key=_says_less):
            sparsity, (method, bits), distill, seed = (axis[place] for axis, place in zip(axes, at, strict=True))
            found += [GridPoint(model, data, sparsity, method, bits, distill, seed) for model, data in pairs]
        return found

    def sample(self) -> list[GridPoint]:
        """Every pair at every sparsity, and every other value once, with the first pair: what a smoke test runs."""
        first = (self.models[0], self.data[0])
        base = (self.methods[0], self.bits[0], self.distill[0], self.seeds[0])

        def off(point: GridPoint) -> int:
            varied = (point.method, point.bits, point.distill, point.seed)
            return sum(here != there for here, there in zip(varied, base, strict=True))

        return [
            point
            for point in self.points()
            if not off(point)
            or (off(point) == 1 and (point.model, point.data) == first and point.sparsity == self.sparsities[0])
        ]


def _says_less(at: tuple[int, ...]) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """The sort key of a cell: the number of axes off their base; then which, the first ones first; then how far."""
    off = tuple(axis for axis, place in enumerate(at) if place)
    return len(off), off, at
