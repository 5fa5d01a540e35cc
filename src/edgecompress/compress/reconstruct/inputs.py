"""The inputs on which outputs are reconstructed."""

import torch
from torch import nn

from edgecompress.compress.reconstruct.synthetic import synthesise
from edgecompress.errors import InputError
from edgecompress.progress import Progress
from edgecompress.recipe import Reconstruction


def calibration_inputs(
    teacher: nn.Module, training: torch.Tensor, settings: Reconstruction, *, seed: int, progress: Progress
) -> torch.Tensor:
    """``settings.samples`` inputs: drawn from the training set without their classes, or made from ``teacher`` alone.

    Args:
        teacher: the dense network, in evaluation mode.
        training: the training inputs, shape (N, C, ...). Nothing but their shape is looked at if inputs are synthetic.
        settings: which and how many; all if the training set has fewer.
        seed: of the choice.
        progress: called as they are made.

    Raises:
        InputError: there are no training inputs, or the network has nothing to make inputs from.
    """
    if settings.inputs == "synthetic":
        shape = tuple(training.shape[1:])
        return synthesise(teacher, shape, samples=settings.samples, steps=settings.steps, seed=seed, progress=progress)
    if not len(training):
        raise InputError('there are no training inputs to reconstruct with; set reconstruct.inputs = "synthetic"')
    order = torch.randperm(len(training), generator=torch.Generator().manual_seed(seed))
    return training[order[: settings.samples]]
