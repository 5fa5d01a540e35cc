"""The records of a study: one a cell, and the index of a folder of them."""

import math
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edgecompress.manifest import DataInfo
from edgecompress.record import About, Published, Record, Versioned
from edgecompress.target import LinuxRuntime

How = Literal["measured", "emulated", "estimated"]


class StudyCell(Record):
    """One point of the grid: what is varied, and nothing that is the same in all cells."""

    model: str
    data: str
    width: float = Field(gt=0, description="factor on the number of channels of every layer")
    sparsity: float = Field(ge=0, le=1, description="prune.sparsity: fraction of all prunable weights that goes")
    method: str = Field(description="cluster.method")
    bits: int = Field(ge=1, le=8, description="cluster.bits")
    distill: bool = Field(description="whether the compressed network also learns from the baseline's outputs")
    seed: int = Field(ge=0)

    @property
    def name(self) -> str:
        """A name for files and people; no two cells of one grid have the same."""
        width = f"-width{self.width:g}" if self.width != 1 else ""
        distilled = "-distilled" if self.distill else ""
        rate = f"{100 * self.sparsity:g}"
        return f"{self.model}-{self.data}{width}-{rate}-{self.method}-{self.bits}bit{distilled}-seed{self.seed}"


class TrainingBudget(Record):
    """The budget of training."""

    epochs: dict[str, int] = Field(description="of each stage, in the order in which they run")
    epochs_scale: float = Field(description="factor that the recipe's epochs were multiplied by; 1: as it stands")
    training_samples: int
    training_samples_available: int = Field(description="of the whole training split")
    changes: tuple[str, ...] = Field(default=(), description="keys of the recipe that the study set, as KEY=VALUE")
    recipe: str | None = Field(
        description="digest over the recipe, but for what cells vary, and the samples; null: not recorded"
    )

    @property
    def samples_seen(self) -> int:
        """The samples of all stages together, each counted once an epoch."""
        return self.training_samples * sum(self.epochs.values())


class Count(Record):
    """The number of samples of the test set that the network got right."""

    correct: int = Field(ge=0)
    total: int = Field(gt=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.correct > self.total:
            raise PydanticCustomError("possible", "more samples are correct than there are")
        return self

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100 * self.correct / self.total


class Differing(Record):
    """The samples of the test set that one of two networks alone got right, the compressed one being the second."""

    lost: int = Field(ge=0, description="right before, wrong after")
    won: int = Field(ge=0, description="wrong before, right after")


class Accuracies(Record):
    """The accuracies on the test set, as PyTorch runs the network. Nothing was chosen by these figures."""

    baseline: Count
    control: Count | None = Field(
        description="the baseline trained on, uncompressed, for as many epochs as compression trained it, by the same "
        "schedules; null: not trained"
    )
    pruned: Count = Field(description="pruned and retrained, not yet clustered")
    clustered: Count = Field(description="the end: what the files hold")
    from_baseline: Differing | None = Field(description="clustered beside baseline; null: not recorded")
    from_control: Differing | None = Field(description="clustered beside control; null: not recorded")

    @model_validator(mode="after")
    def _sums(self) -> Self:
        for dense, differing in ((self.baseline, self.from_baseline), (self.control, self.from_control)):
            if dense and differing and dense.correct - self.clustered.correct != differing.lost - differing.won:
                raise PydanticCustomError("sums", "what was lost less what was won is not what the counts say")
        return self

    @property
    def dense(self) -> Count:
        """The better of baseline and control: what the dense network is known to reach."""
        return max((each for each in (self.baseline, self.control) if each), key=lambda each: each.percent)

    @property
    def drop(self) -> float:
        """Points of accuracy that the whole compression costs the dense network; negative where it gains."""
        return self.dense.percent - self.clustered.percent

    @property
    def drop_of_pruning(self) -> float:
        """Points of accuracy that pruning and retraining alone cost it."""
        return self.dense.percent - self.pruned.percent

    @property
    def drop_error(self) -> float | None:
        """The standard error of ``drop`` over the samples of the test set, in points, paired by sample."""
        differing = self.from_control if self.dense == self.control else self.from_baseline
        if differing is None:
            return None
        total = self.clustered.total
        changed, drop = (differing.lost + differing.won) / total, (differing.lost - differing.won) / total
        return float(100 * math.sqrt((changed - drop**2) / total))

    @property
    def drop_from_baseline(self) -> float:
        """Points between the baseline, which was trained for fewer epochs, and the end."""
        return self.baseline.percent - self.clustered.percent


class StudyLayer(Record):
    """One layer of the compressed network."""

    name: str
    weights: int
    kept: int = Field(description="weights that are not zero")
    distinct: int = Field(description="distinct nonzero values")
    bits: int = Field(description="bits that number the distinct nonzero values: ceil(log2(distinct))")

    @property
    def sparsity(self) -> float:
        """Fraction of the weights that are zero."""
        return 1 - self.kept / self.weights


class Sizes(Record):
    """Bytes of a cell's files in one format, everything counted: indices, codebooks, biases, normalisation, graph."""

    runtime: LinuxRuntime = Field(description="that runs the format")
    dense: int
    compressed: int
    container: int | None = Field(description="of the compressed file, packed to store and send; null: not packed")
    entropy_bound: int | None = Field(
        description="order-0 entropy of the compressed file's weights, with codebooks; null: not recorded"
    )

    @property
    def ratio(self) -> float:
        """Bytes of the dense file over those of the compressed one."""
        return self.dense / self.compressed

    @property
    def container_ratio(self) -> float | None:
        """Bytes of the dense file over those of the container; ``None``: it was not packed."""
        return None if self.container is None else self.dense / self.container


class CellLatency(Record):
    """Latency of the compressed file over that of the dense one, in one runtime."""

    runtime: LinuxRuntime
    ratio: float = Field(
        description="of the rounds, each with both files (docs/benchmarking.md); in older records the median over all "
        "rounds"
    )
    low: float = Field(description="lower end of the ratio's 95 % interval")
    high: float = Field(description="upper end of it")
    threads: int
    how: How
    where: str = Field(description="the machine: this one, or a board")


class Machine(Record):
    """The machine that computed a cell."""

    system: str
    machine: str = Field(description="as uname -m names it")
    cpu: str | None
    emulated: bool | None = Field(description="whether the machine is emulated; null: not known")
    cores: int = Field(description="that this process may run on")
    threads: int = Field(description="of PyTorch: with another number, sums are rounded in another order")
    gpu: str | None = Field(description="null: trained on the CPU")
    python: str
    versions: dict[str, str]


class CellOutcome(Record):
    """The outcome of a cell that is done."""

    budget: TrainingBudget
    data: DataInfo
    accuracy: Accuracies
    weights_total: int = Field(description="prunable weights of the dense network")
    weights_kept: int = Field(description="of these, not zero")
    sizes: dict[str, Sizes] = Field(description="by format: onnx, tflite")
    layers: tuple[StudyLayer, ...]
    latency: tuple[CellLatency, ...] = Field(default=(), description="empty: the files were not proved")
    seconds: dict[str, float | None] = Field(
        description="of each stage, of the control, and of export; null: not recorded"
    )
    cached: tuple[str, ...] = Field(
        description="stages that an earlier run had finished: their seconds are of that run"
    )

    @property
    def weights_ratio(self) -> float:
        """The ratio that papers state: all prunable weights over those that are kept."""
        return self.weights_total / max(1, self.weights_kept)


class CellRecord(Published):
    """One cell of a study, done or failed."""

    marks: ClassVar[frozenset[str]] = frozenset({"study", "cell", "machine"})

    kind: Literal["cell"] = "cell"
    schema_version: Literal[3] = 3
    tool_version: str
    study: str = Field(description="the grid it belongs to")
    cell: StudyCell
    recipe_digest: str = Field(description="over the whole recipe of the cell and the samples it is trained on")
    state: Literal["done", "failed"]
    error: str | None = Field(default=None, description="one line; null: it is done")
    attempts: int = Field(default=1, ge=1, description="more than 1 where a worker was lost and the cell run again")
    outcome: CellOutcome | None = Field(default=None, description="null: it failed")
    machine: Machine
    taken: str = Field(description="UTC, ISO 8601: when it ended")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.state == "done") != (self.outcome is not None) or (self.state == "failed") != bool(self.error):
            raise PydanticCustomError("one_of_two", "a cell that is done has an outcome, one that failed has an error")
        return self

    @property
    def configuration(self) -> tuple[object, ...]:
        """The same for those that differ by their seed only: one grid, one budget, one way to compute and to judge."""
        budget = self.outcome.budget.model_dump_json() if self.outcome else None
        controlled = self.outcome is not None and self.outcome.accuracy.control is not None
        return self.study, self.machine.emulated, self.cell.model_dump_json(exclude={"seed"}), budget, controlled

    def about(self) -> About:
        """The subject of the record. Times of its files, if any, name their own machine: ``outcome.latency``."""
        return About(
            created=self.taken,
            model=self.cell.model,
            data=self.cell.data,
            taken="emulated" if self.machine.emulated else "measured",
            runtimes=tuple(dict.fromkeys(each.runtime for each in self.outcome.latency)) if self.outcome else (),
        )


class IndexEntry(Record):
    """A cell in the index of a study."""

    file: str | None = Field(description="name of its record, beside the index; null: there is none")
    cell: StudyCell
    state: Literal["done", "failed", "left out"]
    error: str | None = None


class StudyIndex(Versioned):
    """The cells that a study's folder holds, and those that were left out."""

    marks: ClassVar[frozenset[str]] = frozenset({"study", "cells", "budget_minutes"})
    kind: Literal["study"] = "study"
    schema_version: Literal[1] = 1
    tool_version: str
    study: str
    cells: tuple[IndexEntry, ...] = Field(description="in the order in which they are computed")
    budget_minutes: float | None = Field(description="after which no cell was started any more; null: no limit")
    taken: str = Field(description="UTC, ISO 8601: when the index was last written")
