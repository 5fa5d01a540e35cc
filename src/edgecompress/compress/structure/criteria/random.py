"""Random: no channel matters more than another. The control that every other criterion has to beat.

Mittal, Bhardwaj, Khapra & Ravindran, "Studying the plasticity in deep convolutional neural networks using random
pruning", Machine Vision and Applications 2019.
"""

import torch

from edgecompress.compress.structure.criteria.contract import Parts


def random(parts: Parts, *, generator: torch.Generator) -> torch.Tensor:
    """Scores drawn evenly from [0, 1), divided by the number of channels.

    Args:
        parts: (channels, n) each, floating point.
        generator: a CPU generator.
    """
    channels = len(parts.makes[0])
    return torch.rand(channels, generator=generator) / channels
