"""A recipe as a whole: the stages, what else it decides, and what differs for single layers."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from glob import escape
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edgecompress.recipe.stages import ADDED, Clustering, Granularity, Pruning, Retraining, Structure, Training
from edgecompress.record import Record

KIND = "kind:"
KINDS = ("pointwise", "depthwise", "conv", "linear")
"""1x1 convolutions over all channels, convolutions of one channel each, all other convolutions, and linear layers."""


class Export(Record):
    """The storage of weights in model files."""

    encoding: Literal["fast-load", "smallest"] = Field(
        default="smallest",
        description="fast-load: only what is decoded in one pass at load. smallest: entropy codes and sparse forms too",
    )
    tflite_weights: Literal["float32", "float16", "int8", "int8-hybrid"] = Field(
        default="float16",
        description="how far TFLite may round: float32 not at all; int8 with a scale a channel, computed in float32; "
        "int8-hybrid computed in int8, with inputs rounded at each inference. ONNX is always exact",
    )
    sparse_inference: bool = Field(
        default=True,
        description="write TFLite so that LiteRT skips zeros on processors without AVX (all of Arm), where the network "
        "allows it and it pays; false keeps its sparse kernels off",
    )
    shifts: bool = Field(
        default=False,
        description="with sparse_inference: compute 3x3 convolutions by shifts and 1x1 convolutions, whose zeros are "
        "then skipped too, where LiteRT takes the whole network; slower on processors with AVX",
    )
    float16_arithmetic: Literal["auto"] | bool = Field(
        default="auto",
        description="write files that compute in float16 too, model-fp16; auto: where the board's processor has such "
        "instructions (fp16 of its profile)",
    )
    int8: Literal["auto"] | bool = Field(
        default="auto",
        description="write int8 files too: weights with a scale a channel, activations with one that calibration finds;"
        " auto: where the board's processor multiplies int8 (dotprod of its profile) and the quantisers are installed",
    )
    count: bool = Field(
        default=True,
        description="count what one inference of each file executes, on the board's processor emulated, where that was "
        "set up once (devices setup emulated:NAME); false leaves the choice of the leading file to a rule",
    )
    lead_drop: float = Field(
        default=1.0,
        ge=0,
        description="points of validation accuracy that the leading file may lose to the dense network",
    )
    int8_of: list[Literal["compressed", "dense"]] = Field(
        default=["compressed"],
        min_length=1,
        description="which networks: compressed gives model-int8, dense gives dense-int8, what int8 does by itself; "
        "with int8=auto dense too, where the compressed network loses more than lead_drop",
    )
    int8_samples: int = Field(
        default=256, ge=1, le=65_536, description="training inputs that calibrate the activations, or all if fewer"
    )


class Inputs(Record):
    """The conversion of data to a network's inputs; all but ``resolution`` is for the user's own network or data."""

    shapes: list[str] = Field(
        default=[],
        description="of one sample, channels first, for each input: 3x224x224, or tokens=16:int64 with a name and a "
        "type; empty: the model's file or the data say",
    )
    resolution: Annotated[int | None, ADDED] = Field(
        default=None,
        ge=8,
        le=1024,
        description="height and width that the images of a built-in data set are brought to; without it they stay as "
        "they are",
    )
    range: tuple[float, float] = Field(
        default=(0.0, 1.0), description="what the pixels 0 and 255 of images, and of uint8 arrays, are before `mean`"
    )
    mean: list[float] | None = Field(
        default=None,
        min_length=1,
        description="taken off, one number or one a channel; without it and `std`, pixels get mean 0 and deviation 1 "
        "over the training set, and arrays of floats stay as they are",
    )
    std: list[Annotated[float, Field(gt=0)]] | None = Field(
        default=None, min_length=1, description="what samples are divided by after that"
    )
    shift: int = Field(default=0, ge=0, le=64, description="augmentation: the largest shift, in pixels or steps")
    mirror: bool = Field(default=False, description="augmentation: mirror along the last axis")
    validation: float = Field(
        default=0.1, gt=0, lt=0.5, description="fraction of each class that validates, if none is given"
    )
    test: float = Field(default=0.2, gt=0, lt=0.5, description="fraction of each class that tests, if none is given")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        """Make sure that the range rises."""
        if self.range[0] >= self.range[1]:
            raise PydanticCustomError("range", "the first number of range must be below the second")
        return self


class Layer(Record):
    """The settings of the layers that a pattern names. ``None`` leaves the recipe's own value."""

    dense: bool = Field(default=False, description="neither pruned nor clustered, and none of its channels removed")
    sparsity: float | None = Field(default=None, ge=0, le=1, description="as prune.sparsity, of these layers")
    pattern: Annotated[str | None, ADDED] = Field(default=None, description="as prune.pattern")
    bits: int | None = Field(default=None, ge=1, le=8, description="as cluster.bits, of these layers")
    granularity: Annotated[Granularity | None, ADDED] = Field(
        default=None, description="with this or bits, a layer stands outside the centroids of the whole model"
    )
    group_size: Annotated[int | None, ADDED] = Field(default=None, ge=1, description="as cluster.group_size")


class Distillation(Record):
    """Learning from the baseline's outputs beside the classes, in the stages that are named."""

    stages: tuple[Literal["structure", "prune", "retrain", "cluster"], ...] = Field(
        default=("retrain",), min_length=1, description="in which the baseline's outputs are learnt too"
    )
    temperature: float = Field(default=4.0, gt=0, le=1000, description="how soft the outputs are that are compared")
    weight: float = Field(default=0.5, ge=0, le=1, description="of the baseline's outputs; the classes have the rest")


class Reconstruction(Record):
    """Compression without training: each layer's outputs are reconstructed on a few inputs.

    Epochs and learning rates of prune, retrain and cluster have no meaning then; nothing is retrained.
    """

    inputs: Literal["training", "synthetic"] = Field(
        default="training",
        description="training: some inputs of the training set, without their classes. synthetic: made from the "
        "statistics of the network's BatchNorm layers, no data at all",
    )
    samples: int = Field(default=256, ge=2, le=65_536, description="how many inputs, or all if fewer")
    damping: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="how much weights are held to what they were, as a fraction of the mean square of their inputs",
    )
    masks: Literal["obs", "criterion"] = Field(
        default="obs",
        description="which weights of a layer go: those whose loss the others make good (Optimal Brain Surgeon), or "
        "those of lowest prune.criterion; how many is for prune.criterion and prune.scope to say",
    )
    refit: bool = Field(
        default=True, description="fit centroids to the outputs too; false leaves them as cluster.method finds them"
    )
    steps: int = Field(default=100, ge=1, le=100_000, description="of the optimisation of synthetic inputs")


class Search(Record):
    """The settings of ``edgecompress search`` for the bits and zeros of each layer; they decide nothing of a build."""

    steps: int = Field(
        default=200, ge=0, description="training steps of one trial, in whole epochs; never more than the recipe's own"
    )
    sparsities: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.5, 0.75, 0.9, 0.95, 0.98), min_length=1, description="at which the scan looks at each layer"
    )
    bits: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        default=(1, 2, 3, 4, 6), min_length=1, description="at which the scan looks at each layer"
    )
    samples: int = Field(default=2048, ge=1, description="validation samples that the scan judges by, or all if fewer")
    candidates: int = Field(default=4, ge=1, description="most candidates that run through the full stages at the end")


class Recipe(Record):
    """The stages in the order in which they run; ``layers`` maps layers to overrides.

    Layers are named by patterns (``conv*``) or by their kind (``kind:depthwise``), see ``KINDS``.
    """

    schema_version: Literal[1] = Field(default=1, description="version of the format of recipes")
    seed: int = Field(default=1, ge=0, lt=2**32, description="what everything is drawn from that is random")
    width: float = Field(default=1.0, gt=0, le=4, description="factor on the number of channels of every layer")
    train: Training
    structure: Structure | None = Field(default=None, description="None: every channel stays")
    prune: Pruning
    retrain: Retraining
    cluster: Clustering
    distill: Distillation | None = Field(default=None, description="None: the classes alone are learnt")
    reconstruct: Reconstruction | None = Field(
        default=None, description="prune and cluster without training; None: with the training of each stage"
    )
    inputs: Inputs = Field(default=Inputs())
    export: Export = Field(default=Export())
    search: Search = Field(default=Search())
    layers: dict[str, Layer] = Field(
        default={},
        description="by patterns of names, as conv*, or by kind:pointwise, kind:depthwise, kind:conv, kind:linear; the "
        "last that matches a layer counts",
    )

    @field_validator("layers")
    @classmethod
    def _known_kinds(cls, layers: dict[str, Layer]) -> dict[str, Layer]:
        """Make sure that every kind is one."""
        for key in layers:
            if key.startswith(KIND) and key.removeprefix(KIND) not in KINDS:
                known = ", ".join(f"{KIND}{kind}" for kind in KINDS)
                raise PydanticCustomError("kind", f"'{key}' is no kind of layer; there are {known}")
        return layers

    def named(self, kinds: Mapping[str, str]) -> Self:
        """The recipe of a network whose layers are of these ``kinds``, by name: each kind gives way to its layers."""
        if not any(key.startswith(KIND) for key in self.layers):
            return self
        layers: dict[str, Layer] = {}
        for key, own in self.layers.items():
            of_kind = [escape(name) for name, kind in kinds.items() if key == f"{KIND}{kind}"]
            for name in of_kind if key.startswith(KIND) else [key]:
                layers.pop(name, None)  # last: of two patterns that match, the later one counts
                layers[name] = own
        return self.model_copy(update={"layers": layers})

    def layer(self, name: str) -> Layer:
        """The overrides of the layer ``name``: those of the last pattern that matches it."""
        matching = [layer for pattern, layer in self.layers.items() if fnmatchcase(name, pattern)]
        return matching[-1] if matching else Layer()


def deciding(settings: Record) -> dict[str, Any]:
    """The part of ``settings`` that is in a checkpoint's key: all but added keys that are at their default.

    So what was kept before a key was added is still found.
    """
    added = {name for name, field in type(settings).model_fields.items() if ADDED in field.metadata}
    kept = settings.model_dump()
    defaults = {name: type(settings).model_fields[name].default for name in added}
    return {name: value for name, value in kept.items() if name not in added or value != defaults[name]}
