"""Check that a network's outputs for a sample depend on that sample alone, whatever else is in its batch."""

from collections.abc import Sequence

import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.signature import leaves, type_of

_SAMPLES = 3


def statistics_missing(module: nn.Module) -> str | None:
    """The first BatchNorm without running statistics, which takes those of the batch in inference too."""
    for name, layer in module.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm) and layer.running_mean is None:
            return str(name)
    return None


def check_alone(module: nn.Module, inputs: Sequence[End], source: str) -> None:
    """Make sure that ``module`` computes each sample by itself in evaluation mode, and the same each time.

    A file is run with a batch of one, and proved on many.

    Raises:
        InputError: it does not; the line says why, as far as that can be seen.
    """
    name = statistics_missing(module)
    if name is not None:
        raise InputError(
            f"{source}: the BatchNorm '{name}' has no running statistics (track_running_stats=False), so that what the "
            "network says of a sample depends on the others of its batch; make it with track_running_stats=True, or "
            "replace it by nn.GroupNorm or nn.InstanceNorm2d"
        )
    given = noise(inputs, _SAMPLES)
    together, again = outputs(module, given), outputs(module, given)
    if not near(together, again):
        raise InputError(
            f"{source} puts out something else each time, although it is in evaluation mode; drop and draw only while "
            "the network trains: nn.Dropout, or functional.dropout(x, p, self.training)"
        )
    if not near(together, one_by_one(module, given)):
        raise InputError(
            f"{source}: what the network says of a sample depends on the others of its batch; normalise with running "
            "statistics, not with the batch's (functional.batch_norm(..., training=self.training)), and mix no samples"
        )


def noise(inputs: Sequence[End], count: int) -> list[torch.Tensor]:
    """``count`` samples of each input, the same every time: normal floats, and 0 and 1 of whole numbers."""
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn((count, *end.shape), generator=generator)
        if "float" in end.dtype
        else torch.randint(0, 2, (count, *end.shape), generator=generator).to(type_of(end))
        for end in inputs
    ]


@torch.no_grad()
def outputs(module: nn.Module, given: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """All that ``module`` puts out in evaluation mode."""
    return leaves(module.eval()(*given))


def one_by_one(module: nn.Module, given: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """``outputs``, of one sample after the other."""
    parts = [outputs(module, [each[number : number + 1] for each in given]) for number in range(len(given[0]))]
    return [torch.cat(each) for each in zip(*parts, strict=True)]


def near(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> bool:
    """Return whether two lists of outputs differ by no more than float32 rounds."""
    return len(some) == len(others) and all(
        a.shape == b.shape and torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-4 * _size(a), equal_nan=True)
        for a, b in zip(some, others, strict=True)
    )


def _size(tensor: torch.Tensor) -> float:
    return max(1e-2, float(tensor.float().abs().nan_to_num(0, 0, 0).max())) if tensor.numel() else 1.0
