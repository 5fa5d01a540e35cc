"""A part of a data set, for training budgets that are cut and for smoke tests."""

from dataclasses import replace
from typing import Any

import numpy as np

from edgecompress.sources.datasets.contract import Dataset


def subset(data: Dataset, *, train: int | None, judge: int | None) -> Dataset:
    """``data`` with ``train`` samples of its training split and ``judge`` of validation and test each; ``None``: all.

    They are taken at equal distances: files are often sorted by class or by person. What they were standardised by
    stays that of the whole.
    """
    changes: dict[str, Any] = {}
    for part, wanted in (("train", train), ("validation", judge), ("test", judge)):
        x, y = getattr(data, f"{part}_x"), getattr(data, f"{part}_y")
        if wanted is not None and wanted < len(x):
            rows = np.arange(wanted) * len(x) // wanted
            changes |= {f"{part}_x": x[rows], f"{part}_y": y[rows]}
    return replace(data, **changes)
