"""A layer whose weights take the level that costs least, in error and in bits.

Chou, Lookabaugh & Gray, "Entropy-Constrained Vector Quantization", IEEE Trans. ASSP 37(1), 1989, in one dimension: a
value goes to the level of least ``error + slope * bits``, levels are the means of what takes them, bits are those of an
ideal code for the levels' frequencies. Errors weigh as much as the loss feels them (Choi, El-Khamy & Lee, "Towards the
Limit of Network Quantization", ICLR 2017). Zero is one of the levels, so that pruning and clustering are one decision.
"""

import torch
from torch import nn

from edgecompress.compress.cluster.codebook import Codebook, stored
from edgecompress.compress.cluster.members import Members
from edgecompress.recipe import CentroidDtype

LEVEL_BITS = 16
"""What a level itself takes in a file."""

EVEN = 0.1
"""The part of a weight's importance that is its layer's mean: squared gradients of a few batches are noisy."""

_PART = 1 << 15


class RatedWeight:
    """Weights that are trained one by one, and that the network sees as their levels.

    The gradient of a level is handed to each weight that takes it (the straight-through estimator of Bengio, Léonard &
    Courville, 2013), so that weights move between levels, and to zero and back.

    Args:
        members: the weights of one layer that are not zero. What is zero already stays so; where nothing is, zero is a
            level that nothing takes, and no weight becomes zero.
        codebook: the levels to begin with.
        importance: of the layer's weights, of their shape.
        dtype: levels are values that it has.

    Attributes:
        levels: float32 of shape (k + 1,), the first one 0.
        labels: int16 of shape (m,): the level of each member.
        size: the layer's weights, those that are zero from the start among them.
        carried: what an interrupted training needs beside what is ``trained``; changed in place.
    """

    def __init__(self, members: Members, codebook: Codebook, importance: torch.Tensor, *, dtype: CentroidDtype) -> None:
        self.members, self.dtype = members, dtype
        self.size = sum(weight.numel() for weight in members.weights)
        self.latent = nn.Parameter(members.values())
        found = members.of([importance])
        self.importance = (1 - EVEN) * found + EVEN * found.mean() if len(members) else found
        self.levels = torch.cat([codebook.centroids.new_zeros(1), codebook.centroids])
        self.labels = (codebook.indices + 1).to(torch.int16)
        self.scale = members.root_mean_square()
        self.write()

    @property
    def trained(self) -> list[nn.Parameter]:
        """The parameters that an optimizer moves."""
        return [self.latent]

    @property
    def carried(self) -> dict[str, torch.Tensor]:
        """The tensors that a checkpoint keeps beside the trained parameters."""
        return {"levels": self.levels, "labels": self.labels}

    def counts(self, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The number of the layer's weights that take each level, int64 of shape (k + 1,)."""
        taken = torch.bincount((self.labels if labels is None else labels).long(), minlength=len(self.levels))
        taken[0] += self.size - len(self.labels)
        return taken

    def bits(self, labels: torch.Tensor | None = None) -> float:
        """The bits of the layer: an ideal code of order 0 for its levels, and the levels."""
        counts = self.counts(labels).double()
        used = counts[counts > 0]
        levels = int((counts[1:] > 0).sum())  # zero takes nothing itself
        return float((used * -torch.log2(used / self.size)).sum()) + LEVEL_BITS * levels

    @torch.no_grad()
    def cheapest(self, slope: float) -> torch.Tensor:
        """The level of least cost for each member, as ``labels``.

        Args:
            slope: what a bit is worth, in importance times squared error.
        """
        counts = self.counts()
        bits = (slope * -torch.log2(counts / self.size)).tolist()
        levels = self.stored().tolist()
        used = torch.nonzero(counts).view(-1).tolist()  # a level that nothing takes is gone
        labels = torch.zeros_like(self.labels)
        for start in range(0, len(labels), _PART):
            part = slice(start, start + _PART)
            weight, latent, own = self.importance[part], self.latent[part], labels[part]
            least = torch.full_like(latent, torch.inf)
            for level in used:
                cost = (latent - levels[level]).square_().mul_(weight).add_(bits[level])
                own.masked_fill_(cost < least, level)
                torch.minimum(least, cost, out=least)
        return labels

    @torch.no_grad()
    def take(self, labels: torch.Tensor) -> None:
        """Let the members take these levels."""
        self.labels.copy_(labels)

    @torch.no_grad()
    def write(self) -> None:
        """Set each level to the mean of the weights that take it, and the weights to their levels."""
        labels = self.labels.long()
        weights = torch.zeros_like(self.levels).index_add_(0, labels, self.importance)
        sums = torch.zeros_like(self.levels).index_add_(0, labels, self.importance * self.latent)
        self.levels.copy_(torch.where(weights > 0, sums / weights, self.levels))
        self.levels[0] = 0
        self.members.write(self.stored()[labels])

    def stored(self) -> torch.Tensor:
        """The levels as the weights hold them; what nothing takes any more decides no step of ``int8``."""
        held = stored(self.levels * (self.counts() > 0), self.dtype)
        held[0] = 0
        return held

    def collect(self) -> None:
        """Hand the gradients of the levels to the weights behind them."""
        self.latent.grad = self.members.take_gradient()
