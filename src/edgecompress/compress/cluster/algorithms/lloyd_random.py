"""Lloyd's iterations from values drawn at random, each as likely as any other.

Forgy, "Cluster analysis of multivariate data: efficiency versus interpretability of classifications", Biometrics 21,
1965; the random initialisation of Han, Mao & Dally, "Deep Compression", ICLR 2016, section 3.2.
"""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.points import Values, gather


def lloyd_random(values: Values, k: int, *, seed: int = 0) -> Values:
    """Centroids of ``values``, shape (n,). See ``contract.RandomAlgorithm``."""
    points = gather(values, k)
    chances = points.weights / points.weights.sum()
    drawn = np.random.default_rng(seed).choice(points.x, size=k, replace=False, p=chances)
    return lloyd(points, np.sort(drawn)).astype(np.float32)
