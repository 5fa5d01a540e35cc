"""One threshold for all layers together."""

from collections.abc import Mapping

import numpy as np

from edgecompress.compress.prune.threshold import Scores, count_below, count_equal, kth_lowest


def lowest_of_all(scores: Mapping[str, Scores], count: int) -> dict[str, int]:
    """The number of each layer's scores among the ``count`` lowest of all; of equal ones, those of the first layer."""
    if count <= 0:
        return dict.fromkeys(scores, 0)
    threshold: np.float32 = kth_lowest(list(scores.values()), count)
    below = {name: count_below(values, threshold) for name, values in scores.items()}
    missing = count - sum(below.values())
    for name, values in scores.items():
        equal = min(missing, count_equal(values, threshold)) if missing else 0
        below[name] += equal
        missing -= equal
    return below
