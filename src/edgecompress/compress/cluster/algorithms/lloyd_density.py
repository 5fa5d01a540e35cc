"""Lloyd's iterations from centroids at equal steps of the values' cumulative distribution.

Han, Mao & Dally, "Deep Compression", ICLR 2016, section 3.2, density-based initialisation: centroids are close together
where values are many, and rare large values have none near them.
"""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.points import Values, gather


def lloyd_density(values: Values, k: int) -> Values:
    """Centroids of ``values``, shape (n,). See ``contract.Algorithm``."""
    points = gather(values, k)
    upto = np.cumsum(points.weights)
    steps = (np.arange(k) + 0.5) / k
    return lloyd(points, np.unique(points.x[np.searchsorted(upto, steps * upto[-1])])).astype(np.float32)
