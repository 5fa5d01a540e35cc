"""Taylor: a weight matters as much as the loss would change without it, to first order.

Molchanov, Tyree, Karras, Aila & Kautz, "Pruning convolutional neural networks for resource efficient inference", ICLR
2017, and Molchanov, Mallya, Tyree, Frosio & Kautz, "Importance estimation for neural network pruning", CVPR
2019, both for groups of weights; here each weight is a group of its own.
"""

import torch

# The mean reaches about a hundred batches back, over which the weights of a trained network move little.
MEMORY = 0.99


def taylor(weight: torch.Tensor, *, gradient: torch.Tensor, score: torch.Tensor) -> torch.Tensor:
    """The running mean of ``|weight * gradient|``, up to a factor that is the same for all weights.

    Args:
        weight: any shape, floating point.
        gradient: of the loss of one batch, same shape.
        score: what the last call returned, same shape; zeros at first.
    """
    return MEMORY * score + (weight.detach() * gradient).abs()
