"""Allocations: a density and bits for every layer, and the moves between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edgecompress.search.curves import BITS, Curve, Numbers, weight_bytes
from edgecompress.search.records import Setting
from edgecompress.search.searchable import Searchable

_GRID = 64
_HALVINGS = 50


@dataclass(frozen=True)
class LayerPlace:
    """A layer's fraction of nonzero weights, as a logarithm to base 2, and its bits."""

    log_density: float
    bits: int


@dataclass(frozen=True)
class Allocation:
    """One place for each of ``layers``, which are ``Searchable`` in the network's order."""

    layers: tuple[Searchable, ...]
    places: tuple[LayerPlace, ...]

    def bytes(self) -> float:
        """About what the weights take together."""
        return sum(
            float(weight_bytes(layer.weights, place.log_density, place.bits))
            for layer, place in zip(self.layers, self.places, strict=True)
        )

    def settings(self) -> dict[str, Setting]:
        """The settings of each layer for a recipe."""
        return {
            layer.name: Setting(
                sparsity=round(1 - 2.0**place.log_density, 5) if layer.prunable else None,
                bits=place.bits if layer.most_bits else None,
            )
            for layer, place in zip(self.layers, self.places, strict=True)
        }

    def moved(self, log_density: Sequence[float], bits: Sequence[float]) -> "Allocation":
        """Each layer moved by so much, as far as its limits allow."""
        return replace(
            self,
            places=tuple(
                _within(layer, place, along, more)
                for layer, place, along, more in zip(self.layers, self.places, log_density, bits, strict=True)
            ),
        )

    def between(self, other: "Allocation", fraction: float) -> "Allocation":
        """Each layer that far on its way to ``other``: 0 is this one."""
        pairs = list(zip(self.places, other.places, strict=True))
        return self.moved(
            [fraction * (there.log_density - here.log_density) for here, there in pairs],
            [fraction * (there.bits - here.bits) for here, there in pairs],
        )

    def scaled(self, size: float) -> "Allocation":
        """All densities multiplied by one factor, so that the weights take about ``size`` bytes."""
        low, high = -16.0, 16.0
        count = len(self.layers)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if self.moved([middle] * count, [0] * count).bytes() > size:
                high = middle
            else:
                low = middle
        return self.moved([low] * count, [0] * count)


def _within(layer: Searchable, place: LayerPlace, along: float, more: float) -> LayerPlace:
    least = float(np.log2(1 - layer.most_sparsity))
    density = min(0.0, max(least, place.log_density + along)) if layer.prunable else place.log_density
    return LayerPlace(
        density, min(layer.most_bits, max(1, round(place.bits + more))) if layer.most_bits else place.bits
    )


def guided(
    start: Allocation, curves: Mapping[str, Curve], size: float, *, along: Literal["density", "bits"]
) -> Allocation:
    """The allocation of about ``size`` bytes that costs the least loss by the scan, with the densities or bits free.

    Not with both: training makes good what pruning costs far better than what clustering does, so untrained losses say
    which layers can bear the one or the other, and not which of the two a layer can bear.

    Each layer takes the place of least ``loss + rate * bytes``; one ``rate`` for all layers makes the sum of losses
    the least for its bytes. Shoham & Gersho, "Efficient bit allocation for an arbitrary set of quantizers", IEEE
    Transactions on Acoustics, Speech and Signal Processing 36(9), 1988, theorem 1.
    """
    tables = [
        _table(layer, _choices(layer, place, along), curves[layer.name])
        for layer, place in zip(start.layers, start.places, strict=True)
    ]

    def at(rate: float) -> Allocation:
        picked = [places[int(np.argmin(loss + rate * takes))] for places, loss, takes in tables]
        return replace(start, places=tuple(picked))

    low, high = -60.0, 20.0  # of the rate's logarithm; more is smaller
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if at(2.0**middle).bytes() > size:
            low = middle
        else:
            high = middle
    return at(2.0**high)


def _choices(layer: Searchable, place: LayerPlace, along: Literal["density", "bits"]) -> list[LayerPlace]:
    if along == "bits":
        return [LayerPlace(place.log_density, bits) for bits in BITS if bits <= layer.most_bits] or [place]
    if not layer.prunable:
        return [place]
    return [LayerPlace(float(each), place.bits) for each in np.linspace(np.log2(1 - layer.most_sparsity), 0.0, _GRID)]


def _table(layer: Searchable, places: list[LayerPlace], curve: Curve) -> tuple[list[LayerPlace], Numbers, Numbers]:
    """Places of a layer, their losses and their bytes."""
    densities = np.array([each.log_density for each in places])
    bits = np.array([each.bits for each in places])
    return places, curve.loss(densities, bits), weight_bytes(layer.weights, densities, bits)
