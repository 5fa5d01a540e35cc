"""The importance of each weight: what an error of it costs, to second order.

The diagonal of the curvature (LeCun, Denker & Solla, "Optimal Brain Damage", NeurIPS 1989), by squared gradients, as in
Choi, El-Khamy & Lee, "Towards the Limit of Network Quantization", ICLR 2017.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from edgecompress.compress.device import autocast
from edgecompress.compress.targets import moved
from edgecompress.compress.train import Batch, Loss


def importance(
    module: nn.Module,
    weights: Mapping[str, nn.Parameter],
    batches: Iterable[Batch],
    loss: Loss,
) -> dict[str, torch.Tensor]:
    """The mean squared gradient of each of ``weights``, float32 of its shape; up to one factor that all share.

    Args:
        module: in evaluation mode afterwards, its gradients let go of.
        weights: by name; what the network does not use has importance 0.
        batches: inputs, and classes or other targets.
        loss: of a batch.
    """
    module.eval()
    found = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in weights.items()}
    device = next(module.parameters()).device
    for inputs, targets in batches:
        x, y = inputs.to(device), moved(targets, device)
        module.zero_grad(set_to_none=True)
        with autocast(device):
            logits = module(x)
        torch.autograd.backward(loss(x, logits.float(), y))
        for name, weight in weights.items():
            if weight.grad is not None:
                found[name] += weight.grad.float().square()
    module.zero_grad(set_to_none=True)
    return found
