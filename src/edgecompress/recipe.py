"""Recipes: how a network is trained and compressed. One TOML file a model and data set; ``recipes/`` holds the defaults."""

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from edgecompress import shipped
from edgecompress.record import Record


class Training(Record):
    """One run of stochastic gradient descent with Nesterov momentum and a learning rate that falls along a cosine."""

    epochs: int = Field(ge=0, le=10_000)
    learning_rate: float = Field(gt=0, le=10, description="the peak; it falls along half a cosine to `final_rate` times it")
    final_rate: float = Field(default=0.01, ge=0, le=1, description="last learning rate as a fraction of the peak")
    warmup: float = Field(default=0.05, ge=0, lt=1, description="fraction of all steps in which the rate rises linearly")
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=5e-4, ge=0, le=1)
    batch_size: int = Field(default=128, gt=0, le=65_536)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    augment: bool = Field(default=True, description="apply the data set's own augmentation")


class Pruning(Training):
    """Training during which the smallest weights are set to zero, along a schedule, and held there from then on."""

    sparsity: float = Field(ge=0, le=1, description="fraction of all prunable weights that are zero at the end")
    criterion: str = "magnitude"
    schedule: str = "cubic"
    scope: Literal["global", "layer"] = Field(default="global", description="one threshold for the network, or one a layer")
    ramp: float = Field(default=0.7, gt=0, le=1, description="fraction of the steps in which the schedule rises")
    updates_per_epoch: int = Field(default=8, gt=0, description="how often the masks are chosen anew")


class Clustering(Training):
    """Sharing each layer's nonzero weights among few centroids, then training the centroids themselves."""

    method: str = "kmeans"
    bits: int = Field(ge=1, le=8, description="a layer has at most 2**bits distinct nonzero values")
    centroid_dtype: Literal["float32", "float16"] = Field(
        default="float16", description="precision of a centroid; float16 makes float16 TFLite weights exact"
    )


class Layer(Record):
    """What differs for the layers that a pattern names. ``None`` leaves the recipe's own value."""

    dense: bool = Field(default=False, description="neither pruned nor clustered")
    sparsity: float | None = Field(default=None, ge=0, le=1)
    bits: int | None = Field(default=None, ge=1, le=8)


class Recipe(Record):
    """The stages in the order in which they run. ``layers`` maps a pattern of layer names (``conv*``) to its overrides."""

    schema_version: Literal[1] = 1
    seed: int = Field(default=1, ge=0, lt=2**32)
    width: float = Field(default=1.0, gt=0, le=4, description="factor on the number of channels of every layer")
    train: Training
    prune: Pruning
    retrain: Training
    cluster: Clustering
    layers: dict[str, Layer] = {}

    def layer(self, name: str) -> Layer:
        """The overrides of the layer ``name``: those of the last pattern that matches it."""
        matching = [layer for pattern, layer in self.layers.items() if fnmatchcase(name, pattern)]
        return matching[-1] if matching else Layer()


def load(name: str) -> Recipe:
    """The recipe called ``name``, or the one in the TOML file at that path.

    Raises:
        InputError: there is no such recipe, or a key or a value in it is wrong; the line names it.
    """
    path = shipped.path_of("recipes", name)
    return Recipe.from_table(shipped.read_toml(path), str(path))


def default_name(model: str, data: str) -> str:
    """The recipe that ``build`` takes for a model and a data set: their own if one ships, else the model's."""
    own = f"{model}-{data}"
    return own if own in shipped.names("recipes") else model
