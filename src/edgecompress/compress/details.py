"""The details of each stage's result, beside what all stages report: typed, and readable without PyTorch."""

import re
from typing import Any, Self

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from edgecompress.record import Record

_OF_ROUND = re.compile(r"round_(\d+)_(macs|latency|accuracy)")


class _Terse(Record):
    """A record that leaves out what is not known: ``None`` is as good as not given."""

    @model_validator(mode="after")
    def _forget_none(self) -> Self:
        self.__pydantic_fields_set__.difference_update({name for name, value in self if value is None or value == ()})
        return self

    @model_serializer(mode="wrap")
    def _known(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None and value != ()}


class Details(_Terse):
    """The details of a stage. A stage that is not known here reports what it will: numbers and text by their names."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | int | str]

    left_alone: str | None = Field(default=None, description="what was asked for and not done, and why")


class _Of(Details):
    model_config = ConfigDict(extra="forbid")


class _Reconstruction(_Of):
    """The reconstruction of outputs: its inputs, and the errors left, as fractions of the outputs' variance."""

    inputs: str | None = Field(default=None, description="what outputs were reconstructed on: given, or synthetic")
    samples: int | None = Field(default=None, description="how many inputs those are")
    error_plain: float | None = Field(default=None, description="without reconstruction, mean over the layers")
    error: float | None = Field(default=None, description="with it, mean over the layers")
    worst_layer: str | None = Field(default=None, description="the layer that is furthest off")
    worst_error: float | None = Field(default=None, description="how far that is off")


class TrainDetails(_Of):
    """The baseline."""

    source: str | None = Field(default=None, description="checkpoint: its weights were given, and not trained here")


class StructureRound(_Terse):
    """The fractions of the dense network that are left after a round of structured pruning."""

    macs: float = Field(description="fraction of its multiply-accumulates")
    latency: float | None = Field(default=None, description="fraction of its latency, where that was aimed at")
    accuracy: float | None = Field(default=None, description="on the validation split, after the round's retraining")


class StructureDetails(_Of):
    """The channels that are left, and the savings in multiply-accumulates, parameters and latency."""

    criterion: str
    rounds: int = Field(description="in how many rounds channels are removed")
    runtime: str | None = Field(default=None, description="in which latency was measured")
    latency_ratio: float | None = Field(default=None, description="latency over that of the dense network")
    latency_low: float | None = Field(default=None, description="lower end of its 95 % interval")
    latency_high: float | None = Field(default=None, description="upper end of its 95 % interval")
    smallest_latency_ratio: float | None = Field(default=None, description="of the smallest network possible")
    smallest_latency_low: float | None = Field(default=None, description="lower end of its 95 % interval")
    smallest_latency_high: float | None = Field(default=None, description="upper end of its 95 % interval")
    macs_before: int
    macs_after: int
    parameters_before: int
    parameters_after: int
    channels: str = Field(description="channels that are left, a group of layers each: name:number")
    measured: tuple[StructureRound, ...] = Field(default=(), description="after each round")

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, document: Any) -> Any:
        """Read rounds that were written as ``round_1_macs`` and so on."""
        if not isinstance(document, dict) or "measured" in document:
            return document
        rounds: dict[int, dict[str, Any]] = {}
        rest = {}
        for name, value in document.items():
            if found := _OF_ROUND.fullmatch(name):
                rounds.setdefault(int(found[1]), {})[found[2]] = value
            else:
                rest[name] = value
        return {**rest, "measured": [rounds[number] for number in sorted(rounds)]}

    @property
    def macs_ratio(self) -> float:
        """Multiply-accumulates before / after."""
        return self.macs_before / self.macs_after


class PruneDetails(_Reconstruction):
    """The method by which weights were chosen to become zero."""

    criterion: str
    schedule: str | None = None
    scope: str
    pattern: str | None = None
    masks: str | None = Field(default=None, description="what chose the zeros where outputs were reconstructed")


class RetrainDetails(_Of):
    """The training of the weights that are left after pruning."""

    reconstruct: str | None = Field(default=None, description="why nothing was")
    rewind: str | None = Field(default=None, description="what was set back: the learning rate, or the weights too")
    from_epoch: int | None = Field(default=None, description="the epoch of the baseline that it went back to")


class ClusterDetails(_Reconstruction):
    """The clustering of weights: method, granularity, training of the centroids, and error."""

    method: str
    bits: int
    granularity: str
    training: str | None = Field(default=None, description="how centroids were trained")
    inertia: float | None = Field(default=None, description="sum of squared distances of weights to their centroids")
    clustering_seconds: float | None = None
    rate: float | None = Field(default=None, description="bits a weight")
    rate_asked: float | None = Field(default=None, description="bits a weight that were asked for")
    slope: float | None = Field(default=None, description="what a bit was worth, in importance times squared error")
    validation_accuracy_unfinetuned: float | None = Field(default=None, description="before centroids were trained")


AnyDetails = TrainDetails | StructureDetails | PruneDetails | RetrainDetails | ClusterDetails | Details

OF_STAGES: dict[str, type[Details]] = {
    "train": TrainDetails,
    "structure": StructureDetails,
    "prune": PruneDetails,
    "retrain": RetrainDetails,
    "cluster": ClusterDetails,
}
"""The types of the stages that come with the package."""
