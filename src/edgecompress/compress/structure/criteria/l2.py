"""L2: a channel matters as the energy of all weights that go with it, as a fraction of its group's.

Li, Kadav, Durdanovic, Samet & Graf, "Pruning filters for efficient ConvNets", ICLR 2017, over all coupled parameters as
in Fang, Ma, Song, Mi & Wang, "DepGraph: towards any structural pruning", CVPR 2023.
"""

import torch

from edgecompress.compress.structure.criteria.contract import Parts


def l2(parts: Parts) -> torch.Tensor:
    """Sums of squares over all that goes with a channel, divided by the group's own: layers differ in scale.

    Args:
        parts: (channels, n) each, floating point.
    """
    rows = (*parts.makes, *parts.norms, *parts.reads)
    energy = torch.stack([part.detach().square().sum(1) for part in rows]).sum(0)
    return energy / energy.sum().clamp_min(torch.finfo(energy.dtype).tiny)
