"""The cubic schedule: prune fast while much is redundant, slowly towards the end.

Zhu & Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression", 2017, equation 1.
"""


def cubic(progress: float, final: float) -> float:
    """The sparsity at ``progress`` of the ramp, for a network that starts dense.

    Args:
        progress: 0 at the first step of the ramp, 1 at its end; outside values are clipped.
        final: sparsity at the end.
    """
    remaining = 1.0 - min(max(progress, 0.0), 1.0)
    return final * float(1.0 - remaining**3)
