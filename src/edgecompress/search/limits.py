"""The limits of a search."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgecompress.compress.record import TOP_1
from edgecompress.search.records import Candidate, Trial


@dataclass(frozen=True)
class Limits:
    """The limits that a candidate must hold, and the number of trials.

    Attributes:
        max_drop: points of validation accuracy that may be lost, dense to compressed; or units of the metric.
        size_budget: bytes that the ONNX file may take, if there is a limit.
        trials: how many to try.
        metric: what drops are of.
    """

    max_drop: float
    size_budget: int | None
    trials: int
    metric: str = TOP_1

    def hold(self, size: int, drop: float) -> bool:
        """Return whether a file of ``size`` bytes that loses ``drop`` is within both limits."""
        # Accuracies are fractions of a whole number of samples; rounding in the last place decides nothing.
        slack = 1e-6 if self.metric == TOP_1 else 0.0
        return drop <= self.max_drop + slack and (self.size_budget is None or size <= self.size_budget)

    def drop_of_trials(self, trials: Sequence[Trial], own: Candidate) -> float:
        """The drop that a trial may have: what the full stages gain the recipe over its own trial, the first, is added.

        ``own`` is the recipe as it was given, after its full stages.
        """
        short = next((trial.drop for trial in trials if trial.number == 0), None)
        return self.max_drop + (0.0 if short is None else max(0.0, short - own.drop))
