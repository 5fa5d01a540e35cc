"""The moments of a layer's inputs and outputs, from which every least-squares problem of the layer follows."""

from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.compress.reconstruct.capture import Position, passes
from edgecompress.compress.reconstruct.patches import Layer, patches, positions


@dataclass(frozen=True)
class Moments:
    """Means over all positions, float64 on the CPU, one entry a group.

    Attributes:
        inputs: of ``x x^T``, shape (groups, features, features).
        cross: of ``y x^T``, shape (groups, outputs, features).
        input_mean: of ``x``, shape (groups, features).
        output_mean: of ``y``, shape (groups, outputs).
        output_square: of ``y**2``, shape (groups, outputs).
    """

    inputs: torch.Tensor
    cross: torch.Tensor
    input_mean: torch.Tensor
    output_mean: torch.Tensor
    output_square: torch.Tensor

    def centred(self) -> "Moments":
        """The same about the means, which are zero then: what is left when the best bias is added."""
        x, y = self.input_mean, self.output_mean
        return Moments(
            self.inputs - x[:, :, None] * x[:, None, :],
            self.cross - y[:, :, None] * x[:, None, :],
            torch.zeros_like(x),
            torch.zeros_like(y),
            (self.output_square - y.square()).clamp(min=0.0),
        )


def gather(module: nn.Module, teacher: nn.Module, place: Position, x: torch.Tensor) -> Moments:
    """The moments of one layer, of its inputs in ``module`` and of its outputs in ``teacher``.

    In ``module`` the layers before it are compressed already, in ``teacher`` none is. So each layer also makes good,
    as far as it can, what the layers before it do wrong.

    Args:
        module: the network that is compressed.
        teacher: the same network, dense.
        place: the layer.
        x: inputs of the network, shape (N, C, ...).
    """
    layer = module.get_submodule(place.name)
    assert isinstance(layer, Layer)
    sums: list[torch.Tensor] = []
    count = 0
    for (given, _), (_, wanted) in zip(passes(module, place, x), passes(teacher, place, x), strict=True):
        seen, out = patches(layer, given.float()), positions(layer, wanted.float())
        # Products of a batch in float32, their sums in float64: rounding stays that of one batch.
        parts = [seen.mT @ seen, out.mT @ seen, seen.sum(1), out.sum(1), out.square().sum(1)]
        parts = [part.cpu().double() for part in parts]
        sums = [total.add_(part) for total, part in zip(sums, parts, strict=True)] if sums else parts
        count += seen.shape[1]
    return Moments(*(total.div_(count) for total in sums))
