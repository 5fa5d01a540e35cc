"""Recipes: how a network is trained and compressed, one TOML file each; ``recipes/`` holds the defaults."""

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edgecompress import shipped
from edgecompress.errors import InputError
from edgecompress.record import Record


class _Added:
    """Marks a key that recipes have not always had, see ``deciding``."""


Granularity = Literal["layer", "channel-group", "model"]
ADDED = _Added()


class Stage(Record):
    """What every stage that trains has. The learning rate rises in a short warm-up, then falls along half a cosine."""

    epochs: int = Field(ge=0, le=10_000)
    learning_rate: float = Field(gt=0, le=10, description="the peak")
    final_rate: float = Field(default=0.01, ge=0, le=1, description="last learning rate as a fraction of the peak")
    warmup: float = Field(
        default=0.05, ge=0, lt=1, description="fraction of all steps in which the rate rises linearly"
    )
    batch_size: int = Field(default=128, gt=0, le=65_536)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    augment: bool = Field(default=True, description="apply the data set's own augmentation")


class Training(Stage):
    """Stochastic gradient descent with Nesterov momentum and L2 weight decay."""

    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=5e-4, ge=0, le=1)


class Structure(Training):
    """Removing whole channels, and retraining what is left, round by round until a target is reached.

    ``epochs`` and the schedule of the learning rate are those of each round.
    """

    epochs: int = Field(default=4, ge=0, le=10_000, description="of the retraining in each round")
    learning_rate: float = Field(default=0.02, gt=0, le=10, description="the peak, in each round")
    latency: float | None = Field(
        default=None, gt=0, lt=1, description="fraction of the dense network's latency to reach, measured in `runtime`"
    )
    macs: float | None = Field(
        default=None, gt=0, lt=1, description="fraction of the dense network's multiply-accumulates to reach"
    )
    runtime: Literal["onnxruntime", "litert"] = Field(
        default="onnxruntime", description="where the latency is measured, on the machine that builds"
    )
    rounds: int = Field(default=3, ge=1, le=100, description="each removes the same fraction of what is left")
    criterion: str = Field(default="taylor", description="what a channel's score is: taylor, l2, random...")
    align: int = Field(
        default=8, ge=1, le=1024, description="channels kept are a multiple of this: runtimes compute as many at once"
    )
    layer_limit: float = Field(default=0.9, ge=0, lt=1, description="most of a layer's channels that may go")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        """Make sure that there is exactly one target."""
        if (self.latency is None) == (self.macs is None):
            raise PydanticCustomError("one_target", "set either latency or macs, a fraction of the dense network's")
        return self


class Pruning(Training):
    """Training during which the weights of lowest score are set to zero, along a schedule, and held there."""

    sparsity: float = Field(ge=0, le=1, description="fraction of all prunable weights that are zero at the end")
    criterion: str = Field(default="magnitude", description="what a weight's score is: magnitude, movement, taylor...")
    schedule: str = Field(default="cubic", description="how the sparsity rises: cubic, iterative, one-shot")
    steps: Annotated[int | None, ADDED] = Field(
        default=None, ge=1, description="rounds of pruning, for a schedule that has rounds"
    )
    scope: str = Field(
        default="global",
        description="how zeros are shared out: one threshold for the network (global), the same fraction in each "
        "layer (layer), or a budget for each (erk, lamp)",
    )
    pattern: Annotated[str | None, ADDED] = Field(
        default=None,
        description="which weights go together: 2:4 keeps 2 of 4 along the input channels; 4x1 are blocks of output "
        "by input channels; unstructured, the default, is any weight",
    )
    layer_limit: float = Field(
        default=0.995,
        ge=0,
        le=1,
        description="no layer gets sparser than this, so that none is cut through, where scope lets layers differ",
    )
    ramp: float = Field(default=0.7, gt=0, le=1, description="fraction of the steps in which the schedule rises")
    updates_per_epoch: int = Field(default=8, gt=0, description="how often an epoch chooses the masks anew")


class Retraining(Training):
    """Training of the weights that are left, with their zeros held: fine-tuning, or a part of the baseline again."""

    rewind: Annotated[Literal["rate", "weights"] | None, ADDED] = Field(
        default=None,
        description="train the last `epochs` epochs of the baseline again, with every other setting of `train` in "
        "place of this table's: rate keeps the pruned weights, weights sets them back to what they were that early",
    )


class Clustering(Stage):
    """Sharing nonzero weights among few centroids, then training what is shared with Adam."""

    learning_rate: float = Field(
        default=2e-3,
        gt=0,
        le=1,
        description="the peak; for a centroid, relative to the root mean square of the weights that share it",
    )
    method: str = "kmeans"
    bits: int = Field(ge=1, le=8, description="what shares centroids has at most 2**bits distinct nonzero values")
    granularity: Annotated[Granularity, ADDED] = Field(
        default="layer", description="what shares centroids: a layer, some of its output channels, or the whole model"
    )
    group_size: Annotated[int, ADDED] = Field(
        default=32, ge=1, description="output channels that share centroids where granularity is channel-group"
    )
    training: Annotated[Literal["centroids", "soft"], ADDED] = Field(
        default="centroids",
        description="centroids: each weight keeps its centroid, and these are trained. soft: differentiable k-means, "
        "weights are trained as mixtures of all centroids and take the nearest at the end",
    )
    temperature: Annotated[float, ADDED] = Field(
        default=0.25,
        gt=0,
        le=100,
        description="of soft training at its start, in units of the median distance between neighbouring centroids",
    )
    final_temperature: Annotated[float, ADDED] = Field(
        default=0.05, gt=0, le=1, description="of soft training at its end, as a fraction of the temperature"
    )
    centroid_dtype: Literal["float32", "float16"] = Field(
        default="float16", description="precision of a centroid; float16 loses nothing where a file stores float16"
    )


class Export(Record):
    """How the weights are stored in model files."""

    encoding: Literal["fast-load", "smallest"] = Field(
        default="smallest",
        description="fast-load: only what is decoded in one pass at load. smallest: entropy codes and sparse forms too",
    )
    tflite_weights: Literal["float32", "float16", "int8", "int8-hybrid"] = Field(
        default="float16",
        description="how far TFLite may round: float32 not at all; int8 with a scale a channel, computed in float32; "
        "int8-hybrid computed in int8, with inputs rounded at each inference. ONNX is always exact",
    )
    int8: bool = Field(
        default=False,
        description="write int8 files too: weights with a scale a channel, activations with one that calibration finds",
    )
    int8_of: list[Literal["compressed", "dense"]] = Field(
        default=["compressed"],
        min_length=1,
        description="which networks: compressed gives model-int8, dense gives dense-int8, what int8 does by itself",
    )
    int8_samples: int = Field(
        default=256, ge=1, le=65_536, description="training inputs that calibrate the activations, or all if fewer"
    )


class Layer(Record):
    """What differs for the layers that a pattern names. ``None`` leaves the recipe's own value."""

    dense: bool = Field(default=False, description="neither pruned nor clustered, and none of its channels removed")
    sparsity: float | None = Field(default=None, ge=0, le=1)
    pattern: Annotated[str | None, ADDED] = Field(default=None, description="as prune.pattern")
    bits: int | None = Field(default=None, ge=1, le=8)
    granularity: Annotated[Granularity | None, ADDED] = Field(
        default=None, description="with this or bits, a layer stands outside the centroids of the whole model"
    )
    group_size: Annotated[int | None, ADDED] = Field(default=None, ge=1)


class Distillation(Record):
    """Learning from the baseline's outputs beside the classes, in the stages that are named."""

    stages: tuple[Literal["structure", "prune", "retrain", "cluster"], ...] = Field(default=("retrain",), min_length=1)
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
    """How ``edgecompress search`` looks for the sparsity and the bits of each layer; it decides nothing of a build."""

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
    """The stages in the order in which they run; ``layers`` maps patterns of layer names (``conv*``) to overrides."""

    schema_version: Literal[1] = 1
    seed: int = Field(default=1, ge=0, lt=2**32)
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
    export: Export = Field(default=Export())
    search: Search = Field(default=Search())
    layers: dict[str, Layer] = Field(default={})

    def layer(self, name: str) -> Layer:
        """The overrides of the layer ``name``: those of the last pattern that matches it."""
        matching = [layer for pattern, layer in self.layers.items() if fnmatchcase(name, pattern)]
        return matching[-1] if matching else Layer()


def deciding(settings: Record) -> dict[str, Any]:
    """What of ``settings`` is part of a checkpoint's key: all but added keys that are at their default.

    So what was kept before a key was added is still found.
    """
    added = {name for name, field in type(settings).model_fields.items() if ADDED in field.metadata}
    kept = settings.model_dump()
    defaults = {name: type(settings).model_fields[name].default for name in added}
    return {name: value for name, value in kept.items() if name not in added or value != defaults[name]}


def load(name: str, changes: Sequence[str] = ()) -> Recipe:
    """The recipe called ``name``, or the one in the TOML file at that path.

    Args:
        name: a shipped recipe's name, or a path that ends in ``.toml``.
        changes: ``stage.key=value`` each, with the value written as in TOML; a word needs no quotes.

    Raises:
        InputError: there is no such recipe, or a key or a value in it is wrong; the line names it.
    """
    path = shipped.path_of("recipes", name)
    table = shipped.read_toml(path)
    for change in changes:
        _change(table, change)
    return Recipe.from_table(table, str(path) if not changes else f"{path} with {', '.join(changes)}")


def _change(table: dict[str, Any], change: str) -> None:
    """Set one key of a parsed recipe."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise InputError(f"'{change}' is not a change to a recipe; write it as prune.sparsity=0.95")
    *tables, last = key.strip().split(".")
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise InputError(f"'{change}': {name} is a value, not a table; write it as prune.sparsity=0.95")
    try:
        table[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        table[last] = text.strip()


def default_name(model: str, data: str) -> str:
    """The recipe that ``build`` takes for a model and a data set: their own if one ships, else the model's."""
    own = f"{model}-{data}"
    return own if own in shipped.names("recipes") else model
