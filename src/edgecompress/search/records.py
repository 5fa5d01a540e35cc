"""The results of a search in one document: the scan, every trial, the front, and the full runs."""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.compress.record import TOP_1, Better
from edgecompress.recipe import Recipe
from edgecompress.record import About, Published, Record
from edgecompress.target import LinuxRuntime


class Setting(Record):
    """The setting of one layer. ``None`` leaves what the recipe says: there is nothing to choose."""

    sparsity: float | None = Field(default=None, ge=0, le=1)
    bits: int | None = Field(default=None, ge=1, le=8)


class Sensitivity(Record):
    """The loss when one layer alone is pruned or clustered, at once and without training."""

    layer: str
    weights: int
    change: Literal["sparsity", "bits"]
    value: float = Field(description="the layer's sparsity, or its bits")
    accuracy: float = Field(description="of the validation samples of the scan")
    loss_rise: float = Field(
        description="cross entropy with the classes, in nats, or the user's own loss; less that of the dense network"
    )


class Trial(Record):
    """One choice for all layers, tried with few training steps."""

    number: int
    origin: Literal["start", "sampled"] = Field(description="start: one of the points that every search begins with")
    parameters: dict[str, float] = Field(description="the coordinates in which the search moves, see docs/search.md")
    layers: dict[str, Setting]
    bytes: int = Field(description="of the ONNX file that would be written, counted exactly")
    drop: float | None = Field(description="lost after few steps; null: not trained")
    stopped: str = Field(default="", description="why the trial was not trained to its end")


class Candidate(Record):
    """A candidate that ran through the recipe's full stages."""

    trial: int | None = Field(description="the trial whose layers it has; null: the recipe as it was given")
    bytes: int = Field(description="of the ONNX file, counted exactly")
    accuracy: float = Field(description="of the whole validation split")
    drop: float = Field(description="to the dense network; negative: it is better")
    holds: bool = Field(description="whether the drop and the size are within what was asked for")


class RemovedChannels(Record):
    """The network after channels were removed, before pruning: every trial's latency, as zeros and bits change none."""

    macs: float = Field(description="multiply-accumulates left, as a fraction of the dense network's")
    ratio: float = Field(
        description="latency over the dense network's on this machine, of rounds that each ran both "
        "(docs/benchmarking.md); in older records the median over all rounds"
    )
    low: float = Field(description="lower end of the ratio's 95 % interval")
    high: float = Field(description="upper end of it")
    runtime: LinuxRuntime


class SearchRecord(Published):
    """A search. Accuracies are of the validation split: the test set is never seen here.

    Accuracies are in percent and drops in points; where ``metric`` is the user's own, both are in its units, and a drop
    is by how much it is worse, whichever way that is.
    """

    marks: ClassVar[frozenset[str]] = frozenset({"recipe", "max_drop", "size_budget"})

    kind: Literal["search"] = "search"
    schema_version: Literal[1] = 1
    tool_version: str
    model: str
    data: str
    recipe: Recipe
    max_drop: float = Field(description="the most that may be lost, dense to compressed")
    size_budget: int | None = Field(description="bytes")
    metric: str = Field(default=TOP_1, description="what accuracies and drops are of")
    better: Better = Field(default="higher", description="the direction in which it is better")
    dense_accuracy: float | None = None
    samples: int = Field(default=0, description="of the validation split; 0: not known, as in older records")
    classes: int = Field(default=0, description="of the data; 0: none, or not known")
    channels: RemovedChannels | None = Field(default=None, description="null: the recipe removes none")
    sensitivities: list[Sensitivity] = Field(default=[])
    trials: list[Trial] = Field(default=[])
    front: list[int] = Field(default=[], description="trials that no other one beats in both bytes and drop")
    candidates: list[Candidate] = Field(default=[])
    chosen: int | None = Field(default=None, description="index of the smallest of the candidates that holds")

    def about(self) -> About:
        """The subject of the search."""
        return About(created="", model=self.model, data=self.data)
