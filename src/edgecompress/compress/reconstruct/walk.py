"""Walk the layers in the order of execution, each seeing what the compressed layers before it put out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from edgecompress.compress.reconstruct.batchnorm import correct
from edgecompress.compress.reconstruct.capture import Norm, check_reached, places
from edgecompress.compress.reconstruct.moments import Moments, gather
from edgecompress.compress.reconstruct.objective import LayerObjective, objectives
from edgecompress.compress.reconstruct.patches import Layer, matrix
from edgecompress.progress import Progress


@dataclass(frozen=True)
class Reached:
    """A layer whose turn it is.

    Attributes:
        name: of the layer.
        layer: itself.
        moments: of its inputs and of the outputs that it should have.
        free: means do not matter, because the layer's bias or the BatchNorm behind it takes them up.
        parts: the objective of each group.
    """

    name: str
    layer: Layer
    moments: Moments
    free: bool
    parts: list[LayerObjective]

    def off(self, weights: torch.Tensor) -> float:
        """The error of the outputs with ``weights``, as a fraction of their variance, or mean square if means matter.

        ``weights``: shape (groups, outputs, features). 0 where the outputs should be nothing at all.
        """
        error = sum(part.error(weight) for part, weight in zip(self.parts, weights, strict=True))
        whole = float((self.moments.centred() if self.free else self.moments).output_square.sum())
        return error / whole if whole > 0 else 0.0

    @torch.no_grad()
    def write(self, weights: torch.Tensor) -> None:
        """Give the layer these weights, and the bias that is best with them."""
        held = weights.float()
        self.layer.weight.copy_(held.reshape(self.layer.weight.shape))
        if self.layer.bias is not None:
            reached = (held.double() @ self.moments.input_mean[:, :, None])[:, :, 0]
            self.layer.bias.copy_((self.moments.output_mean - reached).reshape(-1))


def walk(
    module: nn.Module,
    teacher: nn.Module,
    weights: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    *,
    damping: float,
    title: str,
    progress: Progress,
) -> Iterator[Reached]:
    """Each layer of ``weights`` in the order of execution; BatchNorms on the way are corrected.

    Args:
        module: what is compressed: a layer must have its new weights before the next one is asked for.
        teacher: the same network, dense.
        weights: the layers to compress.
        x: inputs of the network, shape (N, C, ...).
        damping: see ``objective``.
        title: of the stage, for progress.
        progress: called with every layer.

    Raises:
        InputError: the network does not use one of the layers.
    """
    found = places(module, x[:1])
    check_reached(found, weights)
    for number, place in enumerate(found, start=1):
        layer = module.get_submodule(place.name)
        if isinstance(layer, Norm):
            correct(module, teacher, place, x)
        elif place.name in weights:
            assert isinstance(layer, Layer)
            moments = gather(module, teacher, place, x)
            free = layer.bias is not None or place.normalised
            start = matrix(layer, layer.weight)
            yield Reached(
                place.name,
                layer,
                moments,
                free,
                objectives(moments.centred() if free else moments, start, damping),
            )
        progress(title, number, len(found), f"{place.name}, on {len(x)} inputs")
