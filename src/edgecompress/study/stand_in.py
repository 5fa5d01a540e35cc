"""Patterns in the shape of a data set that is not there. They serve a smoke test, and nothing else."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.sources.datasets.contract import Dataset, DataSource

SHAPES = {"fashion-mnist": ((1, 32, 32), 10), "cifar-10": ((3, 32, 32), 10), "uci-har": ((9, 128), 6)}
"""Of one sample as a network takes it, and the number of classes."""
SAMPLES = {"train": 512, "validation": 128, "test": 128}
NOISE = 1.0


def stand_in(name: str) -> Dataset:
    """A pattern a class under noise, in the shape of the data set ``name``; always the same samples."""
    shape, classes = SHAPES[name]
    patterns = np.random.RandomState(0).standard_normal((classes, *shape)).astype(np.float32)

    def part(seed: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        random = np.random.RandomState(seed)
        y = random.randint(0, classes, count)
        x = patterns[y] + NOISE * random.standard_normal((count, *shape))
        return x.astype(np.float32), y.astype(np.int64)

    parts = {key: part(seed, count) for seed, (key, count) in enumerate(SAMPLES.items(), start=1)}
    digest = hashlib.sha256(b"".join(x.tobytes() + y.tobytes() for x, y in parts.values())).hexdigest()
    channels = shape[0]
    arrays: dict[str, Any] = {}
    for key, (x, y) in parts.items():
        arrays |= {f"{key}_x": x, f"{key}_y": y}
    return Dataset(
        name=f"patterns in the shape of {name}",
        **arrays,
        classes=tuple(str(each) for each in range(classes)),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        source=DataSource(
            official=False, sha256=digest, note="made patterns and no data: what is found on them is no result"
        ),
        shift=0,
        mirror=False,
    )
