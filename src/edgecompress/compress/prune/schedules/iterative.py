"""Iterative: prune in rounds, and train between them.

Han, Pool, Tran & Dally, "Learning both weights and connections for efficient neural networks", NeurIPS 2015, section
3.4. Each round takes the same fraction of the weights that are left, as in Frankle & Carbin, "The lottery ticket
hypothesis", ICLR 2019.
"""


def iterative(progress: float, final: float, *, steps: int = 5) -> float:
    """The sparsity at ``progress`` of the ramp, in ``steps`` equal parts, each of which begins with a round.

    Args:
        progress: 0 at the first step of the ramp, 1 at its end; outside values are clipped.
        final: sparsity at the end, reached at the beginning of the last part.
        steps: how many rounds, at least 1.
    """
    # A fraction such as 3/10 of the way must count as there, whichever way its quotient was rounded.
    begun = int(round(min(max(progress, 0.0), 1.0) * steps, 9)) + 1
    return final if begun >= steps else 1.0 - (1.0 - final) ** (begun / steps)
