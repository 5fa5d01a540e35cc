"""Uniform levels: affine quantisation, ``k`` levels at equal distances from the least value to the largest.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018,
equation 1. What no clustering should be worse than.
"""

import numpy as np

from edgecompress.compress.cluster.points import Values


def uniform(values: Values, k: int) -> Values:
    """The levels for ``values``, shape (n,); one level is the middle. See ``contract.Algorithm``."""
    low, high = float(values.min()), float(values.max())
    levels = np.linspace(low, high, k) if k > 1 else np.array([low / 2 + high / 2])
    return np.unique(levels.astype(np.float32))
