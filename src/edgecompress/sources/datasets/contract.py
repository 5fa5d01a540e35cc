"""The contract of a data set: what a loader is given, and the arrays and the source that it returns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from edgecompress.progress import Progress
from edgecompress.record import Record


class DataSource(Record):
    """The source of the samples, and how sure it is."""

    official: bool = Field(description="whether what was read is the published data set, as far as `note` says")
    sha256: str = Field(
        description="over what the raw files hold, unpacked; the same for every layout of the same data"
    )
    note: str = Field(default="", description="what was checked, or what is not official")


@dataclass(frozen=True)
class Dataset:
    """Samples ready for a network: every x is float32, channels first, C-contiguous and standardised.

    ``x = (raw - mean) / std`` for each channel, where ``raw`` is in the units of the raw files. The statistics are
    those of the official training set (validation included, test never); test samples pass through the same formula.
    """

    name: str  # as it is written in a report
    train_x: NDArray[np.float32]  # (N, C, H, W) or (N, C, L)
    train_y: NDArray[Any]  # (N,), int64 from 0 to len(classes) - 1; without classes (0,), or a user's targets (N, ...)
    validation_x: NDArray[np.float32]  # cut from the training set, the same samples in every run
    validation_y: NDArray[Any]
    test_x: NDArray[np.float32]
    test_y: NDArray[Any]
    classes: tuple[str, ...]
    mean: tuple[float, ...]  # of each channel, in the units of the raw files
    std: tuple[float, ...]
    source: DataSource
    shift: int  # the largest shift that leaves a sample's class as it is, in pixels or time steps
    mirror: bool  # whether a sample mirrored along its last axis is of the same class

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one sample, channels first."""
        return tuple(self.test_x.shape[1:])


class Loader(Protocol):
    """A reader of a data set.

    ``folder`` holds all data sets, each in a subfolder or archive of its official name. Files that are not there are
    downloaded into it where ``download`` allows that.

    Raises:
        InputError: files are absent and cannot be had, damaged, or not what the data set consists of.
    """

    def __call__(self, folder: Path, *, download: bool, progress: Progress) -> Dataset:
        """Read the data set."""
        ...
