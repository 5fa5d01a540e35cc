"""Soft weights: differentiable k-means, in which every weight is a mixture of all centroids while it is trained.

Cho, Alizadeh-Vahid, Adya & Rastegari, "DKM: Differentiable K-Means Clustering Layer for Neural Network Compression",
ICLR 2022, section 3.2: a weight w attends to a centroid c by softmax(-|w - c| / temperature); centroids are the means
that this attention weights, found by iteration; the network sees the attention's mixtures. As in Jaffe, Singh & Bullo,
"IDKM: Memory Efficient Neural Network Quantization via Implicit, Differentiable k-Means", 2023, section 3.3, the
gradient is taken through the last iteration alone: at a fixed point that is a direction of descent, and the memory
does not grow with the iterations. Here it does not grow with the number of weights either: they are taken in parts,
and nothing is kept between forward and backward.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from edgecompress.compress.cluster.codebook import Codebook, stored
from edgecompress.compress.cluster.labels import nearest
from edgecompress.compress.cluster.members import Members
from edgecompress.recipe import CentroidDtype

_ITERATIONS = 3
_PART = 1 << 16


class SoftWeight:
    """Weights that are trained one by one and seen by the network as mixtures of their group's centroids.

    Args:
        members: the weights. They stay as they are until the first ``write``.
        codebook: the centroids to begin with.
        dtype: the centroids that it ends with are values that it has.
        temperature: at the start of the training, in units of the median distance between neighbouring centroids.
        final: at its end, as a fraction of that. In between it falls by equal factors.
    """

    def __init__(
        self, members: Members, codebook: Codebook, *, dtype: CentroidDtype, temperature: float, final: float
    ) -> None:
        self.members, self.dtype = members, dtype
        self.groups = list(zip(members.groups, codebook.groups, strict=True))
        self.latent = nn.Parameter(members.values())
        # Never given a gradient, so no optimizer moves it; among its parameters, so that a checkpoint keeps it.
        self.centroids = nn.Parameter(codebook.centroids.clone())
        self._temperature = nn.Parameter(torch.tensor(0.0))
        gaps = [codebook.centroids[own].diff() for _, own in self.groups]
        # A single centroid is taken whatever the temperature.
        self._units = [float(gap.median()) if gap.numel() else 1.0 for gap in gaps]
        self._first, self._final = temperature, final
        self.scale = members.root_mean_square()
        # Until the training begins the weights are what they are without it.
        self.members.write(stored(self.centroids, dtype)[codebook.indices])

    @property
    def trained(self) -> list[nn.Parameter]:
        """The parameters that an optimizer moves and a checkpoint keeps."""
        return [self.latent, self.centroids, self._temperature]

    @torch.no_grad()
    def write(self, progress: float = 0.0) -> None:
        """Iterate the centroids and set the weights to their mixtures. ``progress``: of the training, 0 to 1."""
        self._temperature.fill_(self._first * self._final**progress)
        mixed = torch.empty_like(self.latent)
        for (members, own), temperature in zip(self.groups, self._temperatures(), strict=True):
            latent, centroids = self.latent[members], self.centroids[own]
            for _ in range(_ITERATIONS - 1):
                centroids = _means(latent, centroids, temperature)
            self.centroids[own] = centroids
            last = _means(latent, centroids, temperature)
            mixed[members] = torch.cat([_mixture(part, last, temperature) for part in torch.split(latent, _PART)])
        self.members.write(mixed)

    def collect(self) -> None:
        """Turn the gradients of the mixtures into those of the weights behind them."""
        gradient = self.members.take_gradient()
        self.latent.grad = torch.empty_like(self.latent)
        for (members, own), temperature in zip(self.groups, self._temperatures(), strict=True):
            latent, centroids = self.latent.detach()[members], self.centroids.detach()[own]
            self.latent.grad[members] = _backward(latent, centroids, temperature, gradient[members])

    @torch.no_grad()
    def finish(self) -> None:
        """End with hard weights: each takes the nearest of the last iteration's centroids.

        Where no training has begun, they are hard already.
        """
        if not self._temperature:
            return
        centroids = self.centroids.detach().clone()
        labels = torch.empty(len(self.latent), dtype=torch.int64, device=self.latent.device)
        for (members, own), temperature in zip(self.groups, self._temperatures(), strict=True):
            latent = self.latent[members]
            if len(latent):
                last = _means(latent, centroids[own], temperature).sort().values
                taken = nearest(latent.cpu().numpy(), last.cpu().numpy()).astype(np.int64)
                labels[members] = own.start + torch.from_numpy(taken).to(last.device)
                centroids[own] = last
        self.members.write(stored(centroids, self.dtype)[labels])

    def _temperatures(self) -> Iterator[float]:
        """The temperature of each group, in the weights' unit."""
        return (float(self._temperature.detach()) * unit for unit in self._units)


def _attention(latent: torch.Tensor, centroids: torch.Tensor, temperature: float) -> torch.Tensor:
    """The attention of each weight, shape (m,), to each centroid, shape (k,); each row sums to 1."""
    return torch.softmax(-(latent[:, None] - centroids).abs() / temperature, dim=1)


def _mixture(latent: torch.Tensor, centroids: torch.Tensor, temperature: float) -> torch.Tensor:
    """The value of each weight in the forward pass: the mean of the centroids, weighted by attention."""
    return _attention(latent, centroids, temperature) @ centroids


def _sums(latent: torch.Tensor, centroids: torch.Tensor, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The attention that each centroid gets, and the weights times it."""
    attention = _attention(latent, centroids, temperature)
    return attention.sum(0), latent @ attention


def _totals(latent: torch.Tensor, centroids: torch.Tensor, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The sums of ``_sums``, part by part, without a graph."""
    with torch.no_grad():
        count, total = torch.zeros_like(centroids), torch.zeros_like(centroids)
        for part in torch.split(latent, _PART):
            own_count, own_total = _sums(part, centroids, temperature)
            count, total = count + own_count, total + own_total
        return count, total


def _means(latent: torch.Tensor, centroids: torch.Tensor, temperature: float) -> torch.Tensor:
    """One iteration: the means of the weights, by attention. A centroid that nothing attends to stays."""
    count, total = _totals(latent, centroids, temperature)
    return torch.where(count > 0, total / count, centroids)


def _backward(
    latent: torch.Tensor, centroids: torch.Tensor, temperature: float, gradient: torch.Tensor
) -> torch.Tensor:
    """The gradient of the weights behind the mixtures, through the last iteration, from that of the mixtures."""
    if not len(latent):
        return torch.zeros_like(latent)
    count, total = _totals(latent, centroids, temperature)
    last = torch.where(count > 0, total / count, centroids).requires_grad_()
    parts = [part.clone().requires_grad_() for part in torch.split(latent, _PART)]
    for part, own in zip(parts, torch.split(gradient, _PART), strict=True):
        torch.autograd.backward(_mixture(part, last, temperature), own, inputs=[part, last])
    # A mean is a total over a count: what reached it goes on to both, and from there to every weight.
    of_mean = last.grad if last.grad is not None else torch.zeros_like(last)
    of_total = torch.where(count > 0, of_mean / count, 0.0)
    of_count = -of_total * last.detach()
    for part in parts:
        torch.autograd.backward(_sums(part, centroids, temperature), (of_count, of_total), inputs=[part])
    return torch.cat([part.grad for part in parts if part.grad is not None])
