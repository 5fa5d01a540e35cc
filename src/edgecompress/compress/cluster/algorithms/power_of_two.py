"""Power-of-two levels: a multiplication by a weight is a shift.

Zhou et al., "Incremental Network Quantization: Towards Lossless CNNs with Low-Precision Weights", ICLR 2017, equations
1 to 3: the largest level is the power of two that 4/3 of the largest absolute value reaches. Training centroids moves
them off the powers: set ``cluster.epochs`` to 0 to keep them.
"""

import numpy as np

from edgecompress.compress.cluster.points import Values


def power_of_two(values: Values, k: int) -> Values:
    """The levels for ``values``, shape (n,), half of them of each sign that occurs. See ``contract.Algorithm``.

    Fewer than ``k`` where the smallest absolute value needs no smaller level.
    """
    sizes = np.abs(values[values != 0]).astype(np.float64)
    lowest, highest = (int(np.floor(np.log2(4.0 * size / 3.0))) for size in (sizes.min(), sizes.max()))
    highest = min(highest, np.finfo(np.float32).maxexp - 1)
    negative, positive = bool((values < 0).any()), bool((values > 0).any())
    number = max(1, k // 2 if negative and positive else k)
    powers = 2.0 ** np.arange(highest, max(highest - number, lowest - 1), -1)
    signs = ([-1.0] if negative and k > 1 else []) + ([1.0] if positive else [])
    return np.unique(np.concatenate([sign * powers for sign in signs or [-1.0]]).astype(np.float32))
