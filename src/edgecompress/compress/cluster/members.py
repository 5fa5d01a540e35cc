"""The weights that share centroids: all that are not zero in one layer, or in several."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from edgecompress.errors import CheckError


class Members:
    """The nonzero weights of layers as one vector of shape (m,): layer after layer, each in C order.

    Where the zeros are is looked at once; they stay.

    Attributes:
        name: what an error calls the layers.
        starts: for each group of output channels of each layer, the index of its first member; then m.

    Args:
        weights: the layers' parameters by name.
        group_size: output channels in a group; the last group of a layer may have fewer. ``None``: all layers together
            are one group.

    Raises:
        CheckError: a weight is NaN or infinite; the line names the layer.
    """

    def __init__(self, weights: Mapping[str, nn.Parameter], group_size: int | None = None) -> None:
        self.name = "', '".join(weights)
        self.weights = list(weights.values())
        self._positions: list[torch.Tensor] = []
        starts = []
        before = 0
        for name, weight in weights.items():
            if not bool(torch.isfinite(weight).all()):
                raise CheckError(f"layer '{name}' has weights that are NaN or infinite; nothing can be clustered")
            positions = torch.nonzero(weight.detach().reshape(-1)).view(-1)
            if group_size is not None:
                edges = torch.arange(0, weight.numel(), group_size * weight[0].numel(), device=weight.device)
                starts += (before + torch.searchsorted(positions, edges)).tolist()
            self._positions.append(positions)
            before += len(positions)
        self.starts: list[int] = [*(starts if group_size is not None else [0]), before]

    def __len__(self) -> int:
        """The number of members."""
        return self.starts[-1]

    @property
    def groups(self) -> list[slice]:
        """The members of each group."""
        return [slice(first, last) for first, last in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def values(self) -> torch.Tensor:
        """The members as they are, float32."""
        return self.of([weight.detach() for weight in self.weights])

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        """The values at the members' positions in tensors of the layers' shapes, float32 of shape (m,)."""
        parts = zip(tensors, self._positions, strict=True)
        return torch.cat([tensor.float().reshape(-1)[positions] for tensor, positions in parts])

    @torch.no_grad()
    def write(self, values: torch.Tensor) -> None:
        """Set the layers' weights to ``values``, shape (m,), and zeros."""
        sizes = [len(positions) for positions in self._positions]
        for weight, positions, part in zip(self.weights, self._positions, torch.split(values, sizes), strict=True):
            flat = torch.zeros(weight.numel(), device=weight.device)
            flat[positions] = part
            # copy_ keeps the parameter's own memory format (channels_last), which a new tensor would lose.
            weight.copy_(flat.view(weight.shape))

    def take_gradient(self) -> torch.Tensor:
        """The gradient of each member after a backward pass, float32; the weights' own is let go of."""
        parts = []
        for weight, positions in zip(self.weights, self._positions, strict=True):
            assert weight.grad is not None, "the gradient is taken after backward"
            parts.append(weight.grad.float().reshape(-1)[positions])
            weight.grad = None
        return torch.cat(parts)

    def root_mean_square(self) -> float:
        """The root mean square of the weights, in their own unit; 1 where there is no member."""
        return float(np.sqrt(self.values().double().square().mean().item())) if len(self) else 1.0
