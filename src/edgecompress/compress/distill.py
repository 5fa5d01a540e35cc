"""Knowledge distillation: a network learns what a teacher puts out, beside the classes.

Hinton, Vinyals & Dean, "Distilling the knowledge in a neural network", 2015. Outputs become soft targets at a
temperature T (their equation 1), ``q_i = exp(z_i / T) / sum_j exp(z_j / T)``. Gradients of the soft targets shrink with
1 / T**2, so their loss is multiplied by T**2 (section 2).
"""

import copy
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress.device import autocast
from edgecompress.compress.structure.shapes import load_state
from edgecompress.compress.targets import Targets
from edgecompress.compress.train import Loss
from edgecompress.recipe import Distillation


class Distilled:
    """A loss: ``(1 - weight) * hard + weight * T**2 * KL(teacher || student)``, both softened by T; mean over a batch.

    The divergence is the paper's cross entropy with soft targets less the teacher's own entropy, which no training of
    the student changes: the same gradients, and zero where nothing is left to learn.

    Args:
        teacher: a network of its own, which nobody trains.
        hard: the loss of the classes.
        settings: temperature and weight.
    """

    def __init__(self, teacher: nn.Module, hard: Loss, settings: Distillation) -> None:
        self.teacher, self.hard, self.settings = teacher, hard, settings

    def __call__(self, x: torch.Tensor, logits: torch.Tensor, y: Targets) -> torch.Tensor:
        """The mean loss of a batch, ``x`` as the student was given it, augmentation included."""
        with torch.no_grad(), autocast(x.device):
            taught = self.teacher(x)
        temperature, weight = self.settings.temperature, self.settings.weight
        soft = functional.kl_div(
            functional.log_softmax(logits / temperature, dim=1),
            functional.log_softmax(taught.float() / temperature, dim=1),
            reduction="batchmean",
            log_target=True,
        )
        return (1 - weight) * self.hard(x, logits, y) + weight * temperature**2 * soft


def teacher(module: nn.Module, state: Mapping[str, torch.Tensor]) -> nn.Module:
    """A network like ``module`` with the weights and statistics in ``state``, in evaluation mode, not to be trained.

    It has the channels that ``state`` has, which may be more than ``module`` has left.
    """
    network = copy.deepcopy(module)
    load_state(network, state)
    return network.requires_grad_(False).eval()
