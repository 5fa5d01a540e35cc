"""Lloyd's iterations from centroids at equal distances over the range of the values.

Han, Mao & Dally, "Deep Compression", ICLR 2016, section 3.2, linear initialisation: it keeps the rare large weights,
which matter most, and is the best of their three.
"""

import numpy as np

from edgecompress.compress.cluster.lloyd import lloyd
from edgecompress.compress.cluster.points import Values, gather


def lloyd_linear(values: Values, k: int) -> Values:
    """Centroids of ``values``, shape (n,). See ``contract.Algorithm``."""
    points = gather(values, k)
    return lloyd(points, np.linspace(points.x[0], points.x[-1], k)).astype(np.float32)
