"""The result of a stage of the compression, beside the network."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, field_validator

from edgecompress.compress.details import OF_STAGES, AnyDetails, Details, StructureDetails
from edgecompress.record import Record

TOP_1 = "accuracy, top-1"
"""The metric where nothing else is stated: percentage of samples whose highest output is their class."""
Better = Literal["higher", "lower"]
"""The direction in which a metric is better: an accuracy is higher, a loss or an error lower."""


class StageResult(Record):
    """The result of one stage. Accuracies are of the validation split: the test set is never seen here."""

    stage: str
    epochs: int
    seconds: float = Field(description="wall time of the run that finished it; a resumed stage counts from there")
    metric: str = Field(default=TOP_1, description="what accuracies are; in percent, or a number of the user's own")
    validation_accuracy: float | None = Field(description="null: the data have no classes")
    validation_accuracy_before: float | None = Field(default=None, description="before the stage trained anything")
    sparsity: float = Field(description="fraction of the compressible weights that are zero")
    distinct_max: int = Field(description="most distinct values, zero included, that any compressed layer has")
    details: AnyDetails = Field(default={}, validate_default=True, description="what the stage tells of its own")

    @field_validator("details", mode="wrap")
    @classmethod
    def _of_the_stage(cls, value: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Details:
        """Read what the stage tells by its type; a round of structured pruning is named "structure 1/3"."""
        if isinstance(value, Details):
            return value
        kind = OF_STAGES.get(str(info.data.get("stage", "")).partition(" ")[0], Details)
        if not value and any(field.is_required() for field in kind.model_fields.values()):
            return Details()  # it tells nothing
        return kind.model_validate(value)

    @property
    def top_1(self) -> float | None:
        """The validation accuracy in percent; ``None`` where something else judged, or nothing."""
        return self.validation_accuracy if self.metric == TOP_1 else None

    @property
    def accuracy(self) -> float:
        """The validation accuracy where the data have classes, or the user's own metric."""
        assert self.validation_accuracy is not None, "only data with classes are judged by accuracy"
        return self.validation_accuracy

    @property
    def left_alone(self) -> str | None:
        """The part of the stage's work that was asked for and not done, and why, in one line; ``None``: it did all."""
        left = self.details.left_alone
        return None if left is None else f"{self.stage}: left alone: {left}"


def drop_in_words(drop: float, metric: str) -> str:
    """A drop with its unit: points of accuracy, or the metric's own."""
    return f"{drop:.2f} points" if metric == TOP_1 else f"{drop:.4g} of {metric}"


def structured(results: Sequence[StageResult]) -> StructureDetails | None:
    """The details of structured pruning; ``None`` where no channels were removed."""
    return next((each.details for each in results if isinstance(each.details, StructureDetails)), None)
