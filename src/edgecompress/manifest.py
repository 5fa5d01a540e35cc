"""The manifest of a bundle: all that is known of a network's files, and of how they were made."""

from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from edgecompress.compress.drop import Drop
from edgecompress.compress.record import Better, StageResult
from edgecompress.encode.ledger import Ledger
from edgecompress.estimate.records import FLOAT16_ARITHMETIC, Lead, OnProcessor
from edgecompress.export.accuracy import FileAccuracy
from edgecompress.export.kinds import Kind
from edgecompress.export.memory import Memory
from edgecompress.export.microcontroller.records import MicrocontrollerProof
from edgecompress.export.verify import Verification
from edgecompress.recipe import Recipe
from edgecompress.record import About, Published, Record
from edgecompress.target import Runtime, Target


class DataInfo(Record):
    """The data a model was trained and judged on."""

    name: str
    official: bool = Field(description="whether this is the published data set, as far as `note` says")
    sha256: str = Field(description="over the raw files that were read")
    note: str = ""
    train: int
    validation: int
    test: int
    classes: list[str] = Field(description="empty: the data have none, and no accuracy is known")
    mean: list[float] = Field(default=[], description="of each channel, taken off raw samples; empty: nothing is")
    std: list[float] = Field(default=[], description="of each channel, raw samples are divided by it")


class End(Record):
    """An input or an output of a network, of one sample."""

    name: str = Field(description="in model.onnx and model.tflite")
    shape: list[int] = Field(description="of one sample, channels first")
    dtype: str


NO_DATA = "none"
"""The name of the data of a bundle that was made without any."""


class ModelInfo(Record):
    """The network."""

    name: str
    width: float
    parameters: int = Field(description="of the dense network")
    input_shape: list[int] = Field(description="of one sample, channels first")
    checkpoint: str | None = Field(default=None, description="the file its dense weights came from; null: trained here")
    source: str | None = Field(default=None, description="of a model of the user's own: the file or the function")
    sha256: str | None = Field(default=None, description="of that file, or over the weights that the function's had")
    inputs: list[End] = Field(default=[], description="empty: one input, of `input_shape` and float32")
    outputs: list[End] = Field(default=[], description="empty: one score a class")


class Accuracy(Record):
    """Accuracy in percent, over the whole test set, of the network as PyTorch runs it."""

    samples: int
    dense: float
    compressed: float


class Evaluation(Record):
    """The way in which a metric of the user's own is taken of a model file: of its outputs for ``eval.npz``."""

    spec: str = Field(description="of the function, as --metric or --loss had it")
    source_sha256: str = Field(description="of the file that it is in; another version would judge otherwise")
    targets: str = Field(description="the array of eval.npz that the function is given beside the outputs")
    layout: JsonValue = Field(
        description="how the network gives its outputs: numbers are places in `model.outputs`, lists are tuples"
    )
    source: str | None = Field(
        default=None,
        description="the file of the bundle that is a copy of the function's, of NumPy alone: a device can run it, "
        "where the user agrees; null: it cannot, see `host_only`",
    )
    host_only: str = Field(default="", description="why no device can run it; empty: one can, or an older build")


class Judged(Record):
    """Both networks by a metric of the user's own, over the whole test set, as PyTorch runs them."""

    metric: str = Field(description="its name, or the loss's where there is no metric")
    better: Better | None = Field(default=None, description="its better direction; null: not stated")
    samples: int
    dense: float
    compressed: float
    evaluation: Evaluation | None = Field(
        default=None, description="what bench takes it of files by; null: it cannot, or an older build"
    )


class Fidelity(Record):
    """The distance of the compressed network's outputs from the dense one's, where no classes allow an accuracy."""

    samples: int
    inputs: Literal["given", "noise"] = Field(description="what the outputs are of; noise tells little")
    relative_error: float = Field(description="root mean square of the difference / that of the dense outputs")
    agreement: float | None = Field(
        description="fraction of samples with the same largest output; null: several outputs"
    )


class Ratios(Record):
    """Compression ratios. A file ratio counts everything in the file: indices, codebooks, biases and graph."""

    weights: float = Field(description="prunable weights / weights kept: the ratio that papers state")
    files: dict[str, float] = Field(
        description="by format: bytes of dense.FORMAT / bytes of model.FORMAT; the network has no form in one that is "
        "not here"
    )
    macs: float | None = Field(
        default=None, description="multiply-accumulates of a sample / those left; null: no channels were removed"
    )


class FrontPoint(Record):
    """A rate that the build tried, and what it came to."""

    rate: float = Field(description="bits a weight of the clustered layers, as cluster.rate takes them")
    bytes: int = Field(description="of the ONNX file, counted exactly")
    sparsity: float = Field(description="fraction of the compressible weights that are zero")
    validation_accuracy: float = Field(description="in percent")
    drop: Drop = Field(description="of validation accuracy, to the dense network")


class ModelFile(Record):
    """A model file of the bundle and how it is run."""

    runtime: Runtime
    kind: Kind
    bytes: int
    sha256: str
    input_layout: Literal["channels_first", "channels_last"]
    runs_in: list[str] = Field(default=[], description="runtimes known to run it; empty: not recorded")
    ledger: Ledger
    verification: Verification
    memory: Memory
    accuracy: FileAccuracy | None = Field(
        default=None,
        description="of an int8 file on eval.npz, in its runtime, where it was built; null: that of the network",
    )
    on_processor: OnProcessor | None = Field(
        default=None,
        description="of a file that computes in float16 where the processor can: its values depend on the processor, "
        "and this is what the board's gives; null: they are the same everywhere, up to the order of sums",
    )
    microcontroller: MicrocontrollerProof | None = Field(
        default=None, description="of a microcontroller's file; null: it is none"
    )

    @property
    def tolerance(self) -> tuple[float, float] | None:
        """The tolerance of its outputs against the network's; ``None``: its answers were judged."""
        outputs = self.verification.outputs
        if self.on_processor is not None:
            return outputs.absolute_tolerance or 0.0, FLOAT16_ARITHMETIC
        if outputs.absolute_tolerance is None:
            return None
        return outputs.absolute_tolerance, outputs.relative_tolerance or 0.0


class PlainFile(Record):
    """Any other file of the bundle."""

    bytes: int
    sha256: str
    what: str


class Manifest(Published):
    """All that is known about a bundle. Published as a JSON schema in docs/."""

    marks: ClassVar[frozenset[str]] = frozenset({"stages", "ratios", "models"})

    kind: Literal["manifest"] = "manifest"
    schema_version: Literal[2] = 2
    tool_version: str
    created: str = Field(description="UTC, ISO 8601")
    model: ModelInfo
    data: DataInfo
    target: Target
    recipe: Recipe
    recipe_name: str | None = Field(
        default=None, description="as --recipe takes it; null: a build of before it was kept"
    )
    recipe_reason: str = Field(default="", description="why it was taken, where the board decided that")
    stages: list[StageResult]
    front: list[FrontPoint] = Field(
        default=[], description="what cluster.max_drop tried, the highest rate first; empty: one rate, or none"
    )
    accuracy: Accuracy | None = Field(description="null: the data have no classes; see `fidelity`")
    fidelity: Fidelity | None = Field(default=None, description="null: the accuracy is known")
    judged: Judged | None = Field(default=None, description="null: neither a metric nor a loss of the user's own")
    ratios: Ratios
    models: dict[str, ModelFile]
    lead: Lead | None = Field(default=None, description="the file to take on the board; null: an older build")
    files: dict[str, PlainFile]
    warnings: list[str] = Field(default=[])
    versions: dict[str, str]

    def about(self) -> About:
        """The model, data, target and runtimes that the bundle was built for."""
        return About(
            created=self.created,
            model=self.model.name,
            data=self.data.name,
            target=self.target.name,
            runtimes=tuple(dict.fromkeys(file.runtime for file in self.models.values())),
        )
