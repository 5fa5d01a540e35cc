"""Make a data set from raw arrays and a split."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.sources.datasets._split import Indices
from edgecompress.sources.datasets._standardise import standardised, statistics
from edgecompress.sources.datasets.contract import Dataset, DataSource


@dataclass(frozen=True)
class Raw:
    """Samples as the files hold them: x (N, C, ...) of any numeric type, y (N,)."""

    x: NDArray[Any]
    y: NDArray[np.int64]


def assemble(
    name: str,
    training: Raw,
    split: tuple[Indices, Indices],
    test: Raw,
    *,
    classes: tuple[str, ...],
    source: DataSource,
    shift: int,
    mirror: bool,
    pad: int = 0,
) -> Dataset:
    """Standardise ``training`` and ``test`` by the statistics of ``training``, and cut ``training`` as ``split`` says.

    ``pad`` zeros, in raw units, are put around each spatial axis; they do not count in the statistics, which so equal
    the published ones.
    """
    mean, std = statistics(training.x)
    train, validation = split

    def ready(raw: Raw, rows: Indices) -> NDArray[np.float32]:
        around = [(0, 0), (0, 0)] + [(pad, pad)] * (raw.x.ndim - 2)
        return standardised(np.pad(raw.x, around) if pad else raw.x, rows, mean, std)

    return Dataset(
        name=name,
        train_x=ready(training, train),
        train_y=training.y[train],
        validation_x=ready(training, validation),
        validation_y=training.y[validation],
        test_x=ready(test, np.arange(len(test.y))),
        test_y=test.y,
        classes=classes,
        mean=mean,
        std=std,
        source=source,
        shift=shift,
        mirror=mirror,
    )
