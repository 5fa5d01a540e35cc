"""Shared weights: a layer's nonzero weights as centroids and indices, kept in step while the centroids are trained.

Han, Mao & Dally, "Deep Compression", ICLR 2016, section 3: the gradient of a centroid is the sum of the gradients of
the weights that share it (their equation 3).
"""

import numpy as np
import torch
from torch import nn

from edgecompress import methods
from edgecompress.errors import CheckError

ALGORITHMS = "edgecompress.compress.cluster.algorithms"
SMALLEST_FLOAT16 = 2.0**-24
LARGEST_FLOAT16 = 65504.0


class SharedWeight:
    """One layer's weight, rebuilt from its centroids: zeros stay zero, every other weight is ``centroids[indices]``.

    Args:
        name: the layer's name, for errors.
        weight: the layer's parameter; its values are replaced by the nearest centroids at once.
        bits: at most ``2**bits`` centroids.
        method: the clustering algorithm's name.
        dtype: "float16" holds every centroid to a value that float16 has.
    """

    def __init__(self, name: str, weight: nn.Parameter, *, bits: int, method: str, dtype: str) -> None:
        self.name, self.weight, self.half = name, weight, dtype == "float16"
        values = weight.detach().float().cpu().numpy().ravel()
        positions = np.flatnonzero(values)
        if not np.isfinite(values).all():
            raise CheckError(f"layer '{name}' has weights that are NaN or infinite; nothing can be clustered")
        if self.half and np.abs(values).max(initial=0.0) > LARGEST_FLOAT16:
            raise CheckError(f"layer '{name}' has weights beyond float16; set cluster.centroid_dtype = \"float32\"")
        kept = values[positions]
        centroids = methods.find(ALGORITHMS, method)(kept, 2**bits) if kept.size else kept
        boundaries = (centroids[1:] + centroids[:-1]) / 2
        device = weight.device
        self.positions = torch.from_numpy(positions).to(device)
        self.indices = torch.from_numpy(np.searchsorted(boundaries, kept)).to(device)
        self.centroids = nn.Parameter(torch.from_numpy(centroids).to(device))
        self.scale = float(np.sqrt(np.mean(np.square(kept, dtype=np.float64)))) if kept.size else 1.0
        self.write()

    def values(self) -> torch.Tensor:
        """The centroids as the layer sees them, float32 of shape (k,): rounded to float16 where that is asked.

        No centroid becomes zero by rounding: a zero belongs to pruning, and the number of zeros is an invariant.
        """
        centroids = self.centroids.detach()
        floor = SMALLEST_FLOAT16 if self.half else torch.finfo(torch.float32).tiny
        held = torch.where(centroids < 0, -1.0, 1.0) * centroids.abs().clamp(min=floor)
        return held.half().float() if self.half else held

    @torch.no_grad()
    def write(self) -> None:
        """Set the layer's weight to zeros and centroids."""
        flat = torch.zeros(self.weight.numel(), device=self.weight.device)
        flat[self.positions] = self.values()[self.indices]
        # copy_ keeps the parameter's own memory format (channels_last), which a new tensor would lose.
        self.weight.copy_(flat.view(self.weight.shape))

    def collect(self) -> None:
        """Turn the weight's gradient into the centroids': the sum over each centroid's members."""
        gradient = self.weight.grad
        assert gradient is not None, "collect is called after backward"
        members = gradient.float().reshape(-1)[self.positions]
        self.centroids.grad = torch.zeros_like(self.centroids).index_add_(0, self.indices, members)
        self.weight.grad = None
