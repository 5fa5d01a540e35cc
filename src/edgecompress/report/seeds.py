"""The seeds of one configuration of a study, and what is known of their mean."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from edgecompress.report.numbers import spread
from edgecompress.study.grid import METHOD
from edgecompress.study.records import CellOutcome, CellRecord

BASE = {"sparsity": 0.9, "method": METHOD, "distill": False}
"""What the paper's ratio of 10 asks for; bits are those that the cells have."""
_NORMAL = 1.96
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Within so many standard errors of a mean lie 95 %: of Student's distribution with 1 to 9 degrees of freedom."""


class Estimate(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


@dataclass(frozen=True)
class SeedsRow:
    """The seeds of one configuration."""

    records: tuple[CellRecord, ...]

    @property
    def outcomes(self) -> list[CellOutcome]:
        """The outcomes of the seeds."""
        return [record.outcome for record in self.records if record.outcome]

    @property
    def first(self) -> CellRecord:
        """The record of the first seed; its cell is that of all but for the seed."""
        return self.records[0]

    @property
    def pair(self) -> tuple[str, str]:
        """The network and the data set."""
        return self.first.cell.model, self.first.cell.data

    @property
    def is_base(self) -> bool:
        """Return whether the row is one of those that are compared with the paper."""
        cell = self.first.cell
        return cell.width == 1 and all(getattr(cell, name) == value for name, value in BASE.items())

    @property
    def controlled(self) -> bool:
        """Return whether the dense network was trained for as long as the compressed one."""
        return all(each.accuracy.control for each in self.outcomes)

    @property
    def container(self) -> str:
        """The mean ratio of the ONNX file's container; a dash where one was not packed."""
        ratios = [each.sizes["onnx"].container_ratio for each in self.outcomes]
        known = [ratio for ratio in ratios if ratio is not None]
        return f"{statistics.fmean(known):.1f}x" if len(known) == len(ratios) else "-"

    @property
    def drop(self) -> Estimate | None:
        """The mean drop, and its interval over seeds and test samples; ``None`` where samples were not recorded.

        The seeds share the test set, so what it adds is not less for several: its error and that of the mean over the
        seeds (Student's distribution) are added by their squares.
        """
        errors = [each.accuracy.drop_error for each in self.outcomes]
        known = [error for error in errors if error is not None]
        if len(known) < len(errors):
            return None
        drops = [each.accuracy.drop for each in self.outcomes]
        of_samples = _NORMAL * math.sqrt(statistics.fmean(error**2 for error in known))
        of_seeds, count = 0.0, len(drops)
        if count > 1:
            quantile = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else _NORMAL
            of_seeds = quantile * statistics.stdev(drops) / math.sqrt(count)
        mean, half = statistics.fmean(drops), math.hypot(of_samples, of_seeds)
        return Estimate(mean, mean - half, mean + half)

    def mean(self, figure: Callable[[CellOutcome], float]) -> float:
        """The mean of a figure over the seeds."""
        return statistics.fmean(figure(each) for each in self.outcomes)

    def spread(self, figure: Callable[[CellOutcome], float]) -> str:
        """The mean over the seeds, and the least and the most of them where there are several."""
        return spread([figure(each) for each in self.outcomes])


def seeds_rows(records: Iterable[CellRecord]) -> list[SeedsRow]:
    """A row for each configuration of the cells that are done, the seeds in their order."""
    found: dict[tuple[object, ...], list[CellRecord]] = {}
    for record in records:
        if record.outcome:
            found.setdefault(record.configuration, []).append(record)
    return [SeedsRow(tuple(sorted(each, key=lambda record: record.cell.seed))) for each in found.values()]
