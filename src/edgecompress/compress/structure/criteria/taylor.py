"""Taylor: a channel matters as the square of what the loss would change without it, to first order.

Molchanov, Mallya, Tyree, Frosio & Kautz, "Importance estimation for neural network pruning", CVPR 2019, equation 8.
"""

import torch

from edgecompress.compress.structure.criteria.contract import Parts


def taylor(parts: Parts, *, gradients: Parts) -> torch.Tensor:
    """The square of the sum of ``weight * gradient`` over the weights that read the channel.

    A channel is gone when nothing reads it. That sum is the channel's activation times the loss's gradient there, the
    paper's gate, whatever stands between the layer and its readers; of the weights that make a channel the sum says
    nothing where a normalisation follows, because their scale does not matter then.

    Args:
        parts: (channels, n) each, floating point.
        gradients: of the loss of one batch, of the same shapes.
    """
    change = [(part.detach() * gradient).sum(1) for part, gradient in zip(parts.reads, gradients.reads, strict=True)]
    return torch.stack(change).sum(0).square()
