"""The loss of accuracy by compression, with its interval: both networks are judged on the same samples."""

import numpy as np
import numpy.typing as npt
from pydantic import Field

from edgecompress.record import Record

RESAMPLES = 10_000


class Drop(Record):
    """Points of accuracy lost to the dense network, with the ends of the 95 % interval."""

    points: float = Field(description="accuracy of the dense network less that of the compressed one, in percent")
    low: float = Field(description="lower end of the 95 % interval: a bootstrap over samples, each in both networks")
    high: float = Field(description="upper end of it")


def paired(dense: npt.NDArray[np.bool_], compressed: npt.NDArray[np.bool_], *, seed: int = 0) -> Drop:
    """The drop from two networks' answers to the same samples.

    A sample is drawn with both its answers (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993), so what both
    get right or wrong adds no spread. A resample is three counts, of samples lost, kept and won.

    Args:
        dense: whether the dense network is right, shape (n,), n at least 1.
        compressed: the same of the compressed one.
        seed: of the resamples.
    """
    count = len(dense)
    lost, won = np.count_nonzero(dense & ~compressed), np.count_nonzero(compressed & ~dense)
    drawn = np.random.default_rng(seed).multinomial(
        count, np.array([lost, won, count - lost - won]) / count, size=RESAMPLES
    )
    low, high = np.percentile(100.0 * (drawn[:, 0] - drawn[:, 1]) / count, [2.5, 97.5])
    return Drop(points=100.0 * (lost - won) / count, low=float(low), high=float(high))
