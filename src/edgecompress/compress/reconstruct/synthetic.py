"""Inputs made from a network alone: those that its BatchNorm layers have seen the like of.

Cai et al., "ZeroQ: A Novel Zero Shot Quantization Framework", CVPR 2020, equation 4: from Gaussian noise, inputs are
optimised until the mean and the deviation of each channel, at every BatchNorm and in the input, are the stored ones.
Here differences are in units of the stored deviation, so that no layer outweighs another. What the network was trained
with is not needed; the input's own statistics are those of standardised data, mean 0 and deviation 1.
"""

import torch
from torch import nn

from edgecompress.compress.reconstruct.capture import Norm
from edgecompress.errors import InputError
from edgecompress.progress import Progress

BATCH = 128
RATE = 0.1


def norms(module: nn.Module) -> list[nn.Module]:
    """The BatchNorm layers that have statistics."""
    return [layer for layer in module.modules() if isinstance(layer, Norm) and layer.running_mean is not None]


def check(module: nn.Module) -> None:
    """Make sure that the network knows something of its inputs.

    Raises:
        InputError: it has no BatchNorm.
    """
    if not norms(module):
        raise InputError(
            'reconstruct.inputs = "synthetic" makes inputs from the statistics of BatchNorm, and this network has '
            'none; set it to "training" and give a few inputs'
        )


def synthesise(
    module: nn.Module, shape: tuple[int, ...], *, samples: int, steps: int, seed: int, progress: Progress
) -> torch.Tensor:
    """Make inputs for ``module``, which is in evaluation mode and is left as it is.

    Args:
        module: a trained network with BatchNorm.
        shape: of one input, (C, ...).
        samples: how many; each 128 are made together.
        steps: of the optimisation, with Adam.
        seed: of the noise to begin with.
        progress: called with every step.

    Returns:
        Float32 of shape (samples, C, ...), on the CPU.
    """
    check(module)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((samples, *shape), generator=generator)
    starts = torch.split(noise, BATCH)
    made = []
    for number, start in enumerate(starts):
        x = start.to(next(module.parameters()).device).requires_grad_()
        optimizer = torch.optim.Adam([x], lr=RATE)
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = RATE * (1 - step / steps)
            loss = distance(module, x)
            (x.grad,) = torch.autograd.grad(loss, [x])
            optimizer.step()
            done = number * steps + step + 1
            progress("synthetic inputs", done, len(starts) * steps, f"distance {float(loss.detach()):.3f}")
        made.append(x.detach().cpu())
    return torch.cat(made)


def distance(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The distance of the statistics of ``x`` from the stored ones, summed over layers; 0 where all are the same."""
    terms = [_off(x, torch.zeros(x.shape[1]), torch.ones(x.shape[1]))]

    def note(layer: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(layer, Norm)
        assert layer.running_mean is not None
        assert layer.running_var is not None
        terms.append(_off(given[0], layer.running_mean, layer.running_var + layer.eps))

    handles = [layer.register_forward_pre_hook(note) for layer in norms(module)]
    try:
        module(x)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(terms).sum()


def _off(x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """The mean over channels of the squared differences of mean and deviation, in units of the deviation."""
    values = x.transpose(0, 1).flatten(1)
    mean, deviation = mean.to(x.device), variance.to(x.device).sqrt()
    # A little under the root, where the gradient of a channel that never changes would be infinite.
    spread = (values.var(1, correction=0) + 1e-8).sqrt()
    return ((values.mean(1) - mean) / deviation).square().mean() + (spread / deviation - 1).square().mean()
