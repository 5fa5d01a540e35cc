"""The tables of the stages that train: baseline, removal of channels, pruning, retraining, clustering."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edgecompress.record import Record


class _Added:
    """Marks a key that recipes have not always had, see ``deciding``."""


Granularity = Literal["layer", "channel-group", "model"]
CentroidDtype = Literal["float32", "float16", "int8"]
ADDED = _Added()


class StageSettings(Record):
    """The settings of every stage that trains. The learning rate warms up linearly, then falls along half a cosine."""

    epochs: int = Field(ge=0, le=10_000, description="how often the training set is gone through")
    learning_rate: float = Field(gt=0, le=10, description="the peak")
    final_rate: float = Field(default=0.01, ge=0, le=1, description="last learning rate as a fraction of the peak")
    warmup: float = Field(
        default=0.05, ge=0, lt=1, description="fraction of all steps in which the rate rises linearly"
    )
    batch_size: int = Field(default=128, gt=0, le=65_536, description="samples in one training step")
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of each label that is spread over all classes"
    )
    augment: bool = Field(default=True, description="apply the data set's own augmentation")


class Training(StageSettings):
    """Stochastic gradient descent with Nesterov momentum and L2 weight decay."""

    momentum: float = Field(default=0.9, ge=0, lt=1, description="share of the last step that is taken again")
    weight_decay: float = Field(default=5e-4, ge=0, le=1, description="pull of each weight to zero (L2)")


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


class Clustering(StageSettings):
    """Sharing nonzero weights among few centroids, then training what is shared with Adam."""

    learning_rate: float = Field(
        default=2e-3,
        gt=0,
        le=1,
        description="the peak; for a centroid, relative to the root mean square of the weights that share it",
    )
    method: str = Field(
        default="kmeans", description="what finds the centroids: kmeans, lloyd-linear, uniform, power-of-two..."
    )
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
    rate: Annotated[float | None, ADDED] = Field(
        default=None,
        gt=0,
        le=9,
        description="bits a weight that the clustered layers may take, zeros counted: each weight takes the level of "
        "least error and bits, zero among them, and weights are trained with that. Without it, bits are not looked at",
    )
    max_drop: Annotated[float | None, ADDED] = Field(
        default=None,
        ge=0,
        le=100,
        description="points of validation accuracy that may be lost to the dense network: the rate falls, from `rate` "
        "on, until more would be, and the smallest that holds is taken; each is trained from the same weights",
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
    centroid_dtype: CentroidDtype = Field(
        default="float16",
        description="precision of a centroid; float16 loses nothing where a file stores float16, int8 (up to 64 steps "
        "of a power of two, one a layer) nothing where it stores int8 either",
    )
