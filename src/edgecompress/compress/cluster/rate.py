"""A network clustered to a rate: so many bits a weight, spent where they save most.

One slope of error against bits holds for all layers (Shoham & Gersho, "Efficient bit allocation for an arbitrary set
of quantizers", IEEE Trans. ASSP 36(9), 1988), so that no bit would save more in another. It is the slope at which the
network has the rate that is asked for.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from edgecompress.compress.cluster.codebook import find_codebook
from edgecompress.compress.cluster.granularity import shares
from edgecompress.compress.cluster.members import Members
from edgecompress.compress.cluster.rated import RatedWeight
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

RAMP = 0.9
"""Fraction of the steps in which the rate falls; then each weight keeps its level."""

UPDATES = 16
"""How often an epoch lets weights take other levels."""

# How near a rate is met, on the way and at its end.
_CLOSE, _EXACT = 1e-2, 1e-3
_TRIES = 60
# Times the slope that the search begins with: there bits alone decide, and a rate that is lower yet cannot be had.
_STEEPEST = 1e9
# Iterations to the rate, and at it, where nothing is trained.
_FALLING, _AT_REST = 12, 12


class RateConstrained:
    """A training hook that lets weights take levels of a falling rate, and trains the weights behind them.

    Args:
        weights: the layers' parameters by name.
        importance: of each weight, in the same unit for all layers, see ``importance.importance``.
        recipe: its ``cluster`` table and seed.
        steps_per_epoch: training steps in an epoch, to space the updates; 0 where nothing is trained, and the rate is
            met at once.

    Attributes:
        most: for each layer, the distinct values that it ends with at most, zero included.
        inertia: the sum of squared distances between the weights and the levels that they begin with.
        seconds: what finding these took.
        carried: what the hook needs to go on where an interrupted run was; changed in place.
    """

    def __init__(
        self,
        weights: Mapping[str, nn.Parameter],
        importance: Mapping[str, torch.Tensor],
        recipe: Recipe,
        steps_per_epoch: int = 0,
    ) -> None:
        settings = recipe.cluster
        assert settings.rate is not None
        dtype = settings.centroid_dtype
        self.layers: list[RatedWeight] = []
        self.most: dict[str, int] = {}
        self.inertia = self.seconds = 0.0
        for share in shares(weights, recipe):
            (name,) = share.layers
            members = Members({name: weights[name]})
            codebook = find_codebook(members, bits=share.bits, method=settings.method, seed=recipe.seed, dtype=dtype)
            self.layers.append(RatedWeight(members, codebook, importance[name], dtype=dtype))
            self.most[name] = share.most
            self.inertia += codebook.inertia
            self.seconds += codebook.seconds
        self.every = max(1, steps_per_epoch // UPDATES)
        self._size = sum(layer.size for layer in self.layers)
        self._first = self.rate
        self._asked = settings.rate
        self._goal = min(settings.rate, self._first)
        self._slope = torch.tensor(self._start(), dtype=torch.float64)
        self._steepest = _STEEPEST * self.slope
        self.carried = {"slope": self._slope} | {
            f"{key}/{name}": tensor
            for name, layer in zip(self.most, self.layers, strict=True)
            for key, tensor in layer.carried.items()
        }
        if not steps_per_epoch:
            for step in range(_FALLING):
                self._meet(self._at((step + 1) / _FALLING), _EXACT)
                self._write()
            self._rest()

    @property
    def rate(self) -> float:
        """Bits a weight that the layers take now."""
        return sum(layer.bits() for layer in self.layers) / max(1, self._size)

    @property
    def details(self) -> dict[str, Any]:
        """Fields of a stage's details: bits a weight, as they are and as asked for, and what a bit was worth."""
        found: dict[str, Any] = {"rate": self.rate, "rate_asked": self._asked, "slope": self.slope}
        if self.rate > (1 + _CLOSE) * self._asked:
            found["left_alone"] = f"cluster.rate {self._asked:g}: the layers cannot take less than {self.rate:.3g} bits"
        return found

    @property
    def slope(self) -> float:
        """The worth of a bit, in importance times squared error."""
        return float(self._slope)

    def after_backward(self) -> None:
        """Hand the gradients of the levels to the weights behind them."""
        for layer in self.layers:
            layer.collect()

    def after_step(self, done: int, total: int) -> None:
        """Let weights take other levels where it is time, and write what has moved."""
        ramp = max(1, round(RAMP * total))
        if done == ramp or (0 < done < ramp and done % self.every == 0):
            self._meet(self._at(done / ramp), _EXACT if done == ramp else _CLOSE)
        self._write()

    def finish(self) -> None:
        """Leave every layer with its levels, at the rate also where the training ended early."""
        if self.rate > (1 + _CLOSE) * self._goal:
            self._rest()
        self._write()

    def _rest(self) -> None:
        """Let levels and what takes them come to rest at the rate."""
        for _ in range(_AT_REST):
            self._meet(self._goal, _EXACT)
            self._write()

    def _write(self) -> None:
        """Write what has moved into the weights."""
        for layer in self.layers:
            layer.write()

    def _at(self, progress: float) -> float:
        """The rate for ``progress`` of the ramp: a cubic fall of its logarithm, as sparsity rises in pruning."""
        return self._first * float((self._goal / self._first) ** (1 - (1 - progress) ** 3))

    def _start(self) -> float:
        """A slope to begin with, whatever the weights' unit: a bit is worth some of the weights' own energy."""
        energy = sum(float((layer.importance * layer.latent.detach().square()).sum()) for layer in self.layers)
        return 1e-3 * energy / max(1, self._size)

    def _meet(self, rate: float, tolerance: float) -> None:
        """Let the weights take the cheapest levels, at the slope where that has ``rate``."""
        if rate <= 0 or self.slope <= 0:
            return
        slope, low, high = self.slope, 0.0, math.inf
        for _ in range(_TRIES):
            labels = [layer.cheapest(slope) for layer in self.layers]
            bits = [layer.bits(own) for layer, own in zip(self.layers, labels, strict=True)]
            found = sum(bits) / self._size
            if abs(found - rate) <= tolerance * rate:
                break
            if found > rate and slope >= self._steepest:
                break
            low, high = (slope, high) if found > rate else (low, slope)
            slope = min(self._steepest, slope * min(16.0, max(1 / 16, (found / rate) ** 3)))
            if not low < slope < high:
                slope = math.sqrt(low * high)
            if high - low <= 1e-9 * low:
                break
        self._slope.fill_(slope)
        for layer, own in zip(self.layers, labels, strict=True):
            layer.take(own)


def check(recipe: Recipe) -> None:
    """Make sure that the recipe asks for nothing that a rate is not possible with.

    Raises:
        InputError: it does; the line says what to change.
    """
    if recipe.cluster.max_drop is not None:
        raise InputError("cluster.max_drop is for 'edgecompress build'; here set cluster.rate to the bits a weight")
    if recipe.cluster.rate is None:
        return
    for granularity in (recipe.cluster.granularity, *(layer.granularity for layer in recipe.layers.values())):
        if granularity not in ("layer", None):
            raise InputError(
                f'with cluster.rate each layer has levels of its own; set granularity = "layer", not "{granularity}"'
            )
    if recipe.cluster.training != "centroids":
        raise InputError('cluster.rate trains weights in its own way; leave out cluster.training = "soft"')
