"""The coordinates in which the search moves.

``size`` is the logarithm, to base 2, of the weights' estimated bytes over those of the recipe's own allocation. The
others say how these bytes are shared out: ``guide:density`` and ``guide:bits`` are how far from the recipe's own shares
to those that the scan finds best, ``bits`` moves the bits of all layers, ``bits:LAYER`` and ``density:LAYER`` those of
one. So the trade between size and accuracy is one coordinate, and all others compare networks of equal size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from edgecompress.search.allocation import Allocation, guided
from edgecompress.search.curves import Curve

Parameters = dict[str, float]
SMALLEST, LARGEST = -2.0, 1.0
STEP_DOWN = 0.5


@dataclass(frozen=True)
class Space:
    """The space that a search explores.

    Attributes:
        own: what the recipe makes of the layers.
        curves: of each layer.
        floats: bounds of the coordinates that are any number.
        integers: bounds of those that are whole.
    """

    own: Allocation
    curves: Mapping[str, Curve]
    floats: dict[str, tuple[float, float]]
    integers: dict[str, tuple[int, int]]

    def allocation(self, at: Mapping[str, float]) -> Allocation:
        """The allocation at a point; coordinates that it does not name are 0."""
        size = self.own.bytes() * 2.0 ** at.get("size", 0.0)
        shares = self.own.scaled(size)
        if guide := at.get("guide:density", 0.0):
            shares = shares.between(guided(self.own, self.curves, size, along="density"), guide)
        if guide := at.get("guide:bits", 0.0):
            best = guided(self.own, self.curves, self.own.bytes(), along="bits")
            shares = shares.moved(
                [0.0] * len(best.places),
                [guide * (there.bits - here.bits) for here, there in zip(self.own.places, best.places, strict=True)],
            )
        names = [layer.name for layer in self.own.layers]
        moved = shares.moved(
            [at.get(f"density:{name}", 0.0) for name in names],
            [at.get("bits", 0.0) + at.get(f"bits:{name}", 0.0) for name in names],
        )
        return moved.scaled(size)

    def starts(self) -> list[Parameters]:
        """The points where the search begins: first the recipe's own allocation, which tells what few steps lose.

        It may be beyond the budget. Then its shares, those of the scan, and what is between, at two sizes.
        """
        low, high = self.floats["size"]
        first = min(0.0, high)
        sizes = [size for size in (first, first - STEP_DOWN) if size >= low]
        guides: list[Parameters] = [{"guide:density": guide} for guide in (0.0, 0.5, 1.0)]
        guides.append({"guide:density": 0.5, "guide:bits": 1.0})
        points = [{"size": size, **guide} for size in sizes for guide in guides]
        own = {"size": 0.0, "guide:density": 0.0}
        return [own, *(point for point in points if point != own)]

    def point(self, at: Mapping[str, float]) -> Parameters:
        """All coordinates of a point that names only some."""
        return {name: float(at.get(name, 0.0)) for name in (*self.floats, *self.integers)}


def space(own: Allocation, curves: Mapping[str, Curve], *, allowed: float | None) -> Space:
    """The space around the recipe's ``own`` allocation; ``allowed``: bytes that the weights may take at most."""
    most = LARGEST if allowed is None else min(LARGEST, log2(max(1.0, allowed) / own.bytes()))
    floats = {"size": (min(SMALLEST, most + SMALLEST), most), "guide:density": (0.0, 1.0), "guide:bits": (0.0, 1.0)}
    floats |= {f"density:{layer.name}": (-1.0, 1.0) for layer in own.layers if layer.prunable}
    integers = {f"bits:{layer.name}": (-1, 1) for layer in own.layers if layer.most_bits}
    return Space(own, curves, floats, ({"bits": (-2, 1)} if integers else {}) | integers)
