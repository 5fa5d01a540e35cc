"""Handle a network of the user's own that cannot be trained: say why, and what is done instead."""

from typing import Literal

from edgecompress.compress.reconstruct.synthetic import norms
from edgecompress.errors import NoInt8Error
from edgecompress.recipe import Recipe, untrained
from edgecompress.sources.data.dataset import why_no_classes
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.model import Model
from edgecompress.sources.read import NO_DATA


def why_untrained(model: Model, data: Dataset, named: str) -> str | None:
    """The reason why the network cannot learn classes; ``None``: it can."""
    if model.why_not_run:
        return model.why_not_run
    if named == NO_DATA:
        return "no data were given"
    return None if data.classes else (why_no_classes(model.signature) or "the data have no classes")


def without_training(chosen: Recipe, model: Model, samples: int) -> tuple[Recipe, str]:
    """The recipe without training, on so many ``samples``, and what is done instead in a few words.

    Raises:
        InputError: the recipe asks for what needs classes.
    """
    if chosen.export.int8 is True:
        raise NoInt8Error("int8 needs data with classes, to calibrate and to judge")
    asked = chosen.reconstruct.inputs if chosen.reconstruct else None
    possible: list[Literal["training", "synthetic"]] = []
    if model.why_not_run is None and samples:
        possible.append("training")
    if model.why_not_run is None and model.signature.plain and norms(model.module):
        possible.append("synthetic")
    inputs = asked if asked in possible else next(iter(possible), None)
    how = {
        "training": f"outputs are reconstructed on up to {samples} of the inputs given",
        "synthetic": "outputs are reconstructed on inputs made from the statistics of BatchNorm",
        None: "weights are pruned and clustered by themselves, which costs most; a few inputs help (--data)",
    }[inputs]
    return untrained(chosen, inputs=inputs), how
