"""Magnitude: a weight matters as much as its absolute value.

Han, Pool, Tran & Dally, "Learning both Weights and Connections for Efficient Neural Networks", NeurIPS 2015.
"""

import torch


def magnitude(weight: torch.Tensor) -> torch.Tensor:
    """The absolute value of each weight.

    Args:
        weight: any shape, floating point.

    Returns:
        Scores of the same shape and dtype.
    """
    return weight.detach().abs()
