"""L2: a channel matters as the energy of all weights that go with it, relative to its group's.

Li, Kadav, Durdanovic, Samet & Graf, "Pruning filters for efficient ConvNets", ICLR 2017, over all coupled parameters as
in Fang, Ma, Song, Mi & Wang, "DepGraph: towards any structural pruning", CVPR 2023.
"""

import torch

from edgecompress.compress.structure.criteria.contract import Parts


def l2(parts: Parts) -> torch.Tensor:
    """Sums of squares over all that goes with a channel, as a fraction of the group's: layers differ in scale.

    Times the number of layers that make or read the channels: each of them loses that fraction of what it does.

    Args:
        parts: (channels, n) each, floating point.
    """
    rows = (*parts.makes, *parts.norms, *parts.reads)
    energy = torch.stack([part.detach().square().sum(1) for part in rows]).sum(0)
    layers = len(parts.reads) + sum(part.shape[1] > 1 for part in parts.makes)
    return layers * energy / energy.sum().clamp_min(torch.finfo(energy.dtype).tiny)
