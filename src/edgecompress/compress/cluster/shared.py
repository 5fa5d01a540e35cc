"""Shared weights: centroids that are trained, and the weights that take them.

Han, Mao & Dally, "Deep Compression", ICLR 2016, section 3: the gradient of a centroid is the sum of the gradients of
the weights that share it (their equation 3).
"""

import torch
from torch import nn

from edgecompress.compress.cluster.codebook import Codebook, stored
from edgecompress.compress.cluster.members import Members
from edgecompress.recipe import CentroidDtype


class SharedWeight:
    """Weights rebuilt from their centroids: zeros stay zero, every other weight is ``centroids[indices]``.

    The weights take their centroids at once.

    Args:
        members: the weights.
        codebook: their centroids.
        dtype: holds every centroid to a value that it has.
    """

    def __init__(self, members: Members, codebook: Codebook, *, dtype: CentroidDtype) -> None:
        self.members, self.indices, self.dtype = members, codebook.indices, dtype
        self.centroids = nn.Parameter(codebook.centroids.clone())
        self.scale = members.root_mean_square()
        self.write()

    @property
    def trained(self) -> list[nn.Parameter]:
        """The parameters that an optimizer moves and a checkpoint keeps."""
        return [self.centroids]

    def write(self, progress: float = 0.0) -> None:  # noqa: ARG002 - soft weights change as the training goes on
        """Set the weights to zeros and centroids."""
        self.members.write(stored(self.centroids, self.dtype)[self.indices])

    def collect(self) -> None:
        """Turn the weights' gradients into the centroids': the sum over each centroid's members."""
        self.centroids.grad = torch.zeros_like(self.centroids).index_add_(0, self.indices, self.members.take_gradient())

    def finish(self) -> None:
        """Write the centroids as the training left them."""
        self.write()
