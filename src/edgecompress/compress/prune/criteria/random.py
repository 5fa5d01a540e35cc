"""Random: no weight matters more than another. The control that every other criterion has to beat.

Blalock, Gonzalez Ortiz, Frankle & Guttag, "What is the state of neural network pruning?", MLSys 2020.
"""

import torch


def random(weight: torch.Tensor, *, generator: torch.Generator) -> torch.Tensor:
    """Scores drawn evenly from [0, 1).

    Args:
        weight: any shape, floating point.
        generator: a CPU generator.
    """
    return torch.rand(weight.shape, generator=generator)
