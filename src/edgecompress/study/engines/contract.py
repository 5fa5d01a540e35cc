"""The contract of an engine: a pool of workers that compute cells."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from edgecompress.progress import Progress
from edgecompress.study.records import CellRecord, StudyCell


class Compute(Protocol):
    """A function that computes a cell in a worker: it can be pickled, and puts what goes wrong into the record."""

    def __call__(self, cell: StudyCell, progress: Progress) -> CellRecord:
        """The record of ``cell``, done or failed."""
        ...


@dataclass(frozen=True)
class EndedCell:
    """A cell that runs no more.

    Attributes:
        cell: which.
        record: what it left; ``None`` if its worker was lost.
        lost: how the worker was lost, in a few words.
    """

    cell: StudyCell
    record: CellRecord | None
    lost: str = ""


class Pool(Protocol):
    """Workers. Only the thread that opened it calls it."""

    def free(self) -> int:
        """The number of cells that can be started now."""
        ...

    def start(self, cell: StudyCell) -> None:
        """Start a cell; some worker is free."""
        ...

    def wait(self, seconds: float) -> Sequence[EndedCell]:
        """Wait until a cell ends, at most so long. Returns those that did."""
        ...

    def notes(self) -> Sequence[str]:
        """The state of each running cell, in a few words."""
        ...


@dataclass(frozen=True)
class Workers:
    """The number of workers, and the resources of each. ``None`` leaves it to the engine.

    Attributes:
        count: of the workers.
        threads: of each.
        gpus: of this machine.
        address: of a cluster that exists.
    """

    count: int | None = None
    threads: int | None = None
    gpus: int = 0
    address: str | None = None


class CellEngine(Protocol):
    """A function that opens a pool; its workers are gone when the block ends.

    Raises:
        InputError: what it needs is not installed or cannot be reached.
    """

    def __call__(self, compute: Compute, workers: Workers) -> AbstractContextManager[Pool]:
        """A pool of ``workers`` that compute cells by ``compute``."""
        ...
