"""The ratio of two latencies that were taken in turn, and its interval."""

import numpy as np
import numpy.typing as npt

_RESAMPLES = 2000

Floats = npt.NDArray[np.float64]


def paired_ratio(times: Floats, base: Floats, *, seed: int = 0) -> tuple[float, float, float]:
    """Median of ``times / base``, pair by pair, and its 95 % percentile bootstrap interval (Efron 1979).

    The two times of a pair were taken one after the other, so a slow moment of the machine is in both and cancels.
    """
    ratios = np.sort(times / base)
    low, high = np.percentile(_resampled_medians(ratios, np.random.default_rng(seed)), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def _resampled_medians(ordered: Floats, random: np.random.Generator) -> Floats:
    """Medians of ``_RESAMPLES`` resamples, drawn with replacement from ``ordered``, without the resamples themselves.

    A resample draws places; its median lies at their middle one, and the k-th smallest of n uniform draws is
    distributed as Beta(k, n + 1 - k) (David and Nagaraja, Order Statistics). Above it n - k are left,
    whose smallest is the other middle one where n is even.
    """
    count = len(ordered)
    middle = (count + 1) // 2
    first = random.beta(middle, count + 1 - middle, _RESAMPLES)
    second = first if count % 2 else 1 - (1 - first) * random.random(_RESAMPLES) ** (1 / (count - middle))
    # A draw next to 1 can be rounded to it.
    at = [np.minimum((count * place).astype(np.int64), count - 1) for place in (first, second)]
    return np.asarray((ordered[at[0]] + ordered[at[1]]) / 2)
