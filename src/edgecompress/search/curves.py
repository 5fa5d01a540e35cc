"""Two estimates of each layer, to move by before anything is trained: the loss that a setting costs, and its bytes.

Neither decides anything: what is chosen is what was trained, and its size is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecompress.search.records import Sensitivity
from edgecompress.search.searchable import Searchable

Numbers = NDArray[np.float64]
BITS = range(1, 9)
_STEP = 4.0
"""The square error of a quantiser is four times as large with one bit less."""


@dataclass(frozen=True)
class Curve:
    """A layer's loss as its sparsity or its bits change alone.

    Attributes:
        log_density: ascending, up to 0, which is dense; base 2.
        pruned: rise of the loss at each of these; falls to 0.
        clustered: rise of the loss with 1, 2, ... 8 bits; falls.
    """

    log_density: Numbers
    pruned: Numbers
    clustered: Numbers

    def loss(self, log_density: Numbers, bits: NDArray[np.int64]) -> Numbers:
        """The rise of the loss, as if both changes were independent. Beyond the scan the curve goes on straight."""
        inside = np.interp(log_density, self.log_density, self.pruned)
        slope = (self.pruned[0] - self.pruned[1]) / (self.log_density[1] - self.log_density[0])
        beyond = np.maximum(0.0, self.log_density[0] - log_density) * slope
        rise: Numbers = inside + beyond + self.clustered[bits - 1]
        return rise


def curve(layer: Searchable, found: Sequence[Sensitivity]) -> Curve:
    """The curve of ``layer`` through what the scan found; noise that would have it rise towards dense is cut off."""
    own = [each for each in found if each.layer == layer.name]
    pruned = {np.log2(1 - each.value): max(0.0, each.loss_rise) for each in own if each.change == "sparsity"}
    pruned = {-1.0: 0.0, **pruned, 0.0: 0.0} if not pruned else {**pruned, 0.0: 0.0}
    places = np.array(sorted(pruned))
    falling = np.maximum.accumulate(np.array([pruned[place] for place in places])[::-1])[::-1]
    clustered = {int(each.value): each.loss_rise for each in own if each.change == "bits"}
    return Curve(places, falling, _clustered(clustered))


def _clustered(found: dict[int, float]) -> Numbers:
    if not found:
        return np.zeros(len(BITS))
    known = sorted(found)
    values = np.interp(BITS, known, [max(0.0, found[bits]) for bits in known])
    for bits in range(1, known[0]):
        values[bits - 1] = values[known[0] - 1] * _STEP ** (known[0] - bits)
    for bits in range(known[-1] + 1, BITS.stop):
        values[bits - 1] = values[known[-1] - 1] / _STEP ** (bits - known[-1])
    falling: Numbers = np.maximum.accumulate(values[::-1])[::-1]
    return falling


def weight_bytes(weights: int, log_density: Numbers | float, bits: NDArray[np.int64] | int) -> Numbers:
    """About what a layer takes: the entropy of the places of its nonzero weights, and ``bits`` for each of these."""
    density = np.clip(np.exp2(log_density), 1e-12, 1.0)
    zeros = 1.0 - density
    places = -density * np.log2(density) - zeros * np.log2(np.maximum(zeros, 1e-12))
    size: Numbers = weights * (places + density * bits) / 8
    return size
