"""The data that a network in memory learns from and is judged by, wherever it comes from."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from edgecompress.compress.finite import not_finite
from edgecompress.compress.targets import Targets, taken
from edgecompress.compress.train import TrainingData
from edgecompress.errors import InputError
from edgecompress.library.data import InMemorySamples
from edgecompress.library.data import read as in_memory
from edgecompress.library.examples import Example, signature, tensors
from edgecompress.progress import Progress
from edgecompress.recipe import Inputs, Recipe
from edgecompress.sources import datasets
from edgecompress.sources import read as sources
from edgecompress.sources.data.dataset import check_scores, cut, why_no_classes
from edgecompress.sources.data.samples import Split
from edgecompress.sources.datasets.contract import Dataset
from edgecompress.sources.factory import copied, of_module
from edgecompress.sources.identity import digest_of
from edgecompress.sources.model import Model
from edgecompress.sources.signature import EXAMPLES, Signature, rows

_WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


@dataclass(frozen=True)
class Learning:
    """A network, and what it learns from.

    Attributes:
        model: the network, a copy of the caller's.
        training: rows, and targets; no rows without data.
        validation_x: rows.
        validation_y: targets; ``None``: there are none.
        why_not: why it cannot learn classes; ``None``: it can.
        sha256: over the data, computed when it is asked for.
        notes: what the caller should know.
    """

    model: Model
    training: TrainingData
    validation_x: torch.Tensor
    validation_y: Targets | None
    why_not: str | None
    sha256: Callable[[], str]
    notes: tuple[str, ...] = ()


def read(
    net: nn.Module,
    recipe: Recipe,
    data: object,
    validation: object,
    example: Example | None,
    *,
    with_loss: bool,
    progress: Progress,
) -> Learning:
    """Read what ``ec.compress`` is given.

    Raises:
        InputError: something is wrong with it, or the inputs of the network cannot be known.
    """
    if wrong := not_finite(net):
        raise InputError(f"'{wrong}' of {type(net).__name__} is NaN or infinite; load a sound checkpoint")
    if data is None and validation is not None:
        raise InputError("validation goes with data to learn from; give data too")
    if isinstance(data, str | os.PathLike):
        if validation is not None:
            raise InputError("data that are named have their own validation samples; leave validation out")
        return _named(net, recipe, os.fspath(data), with_loss=with_loss, progress=progress)
    if data is None and example is None:
        return _named(net, recipe, sources.NO_DATA, with_loss=with_loss, progress=progress)
    if data is None:
        assert example is not None
        model = _model(net, tensors(net, example))
        return _without_data(model)
    samples = in_memory(net, data)
    judging = None if validation is None else in_memory(net, validation)
    return _of_samples(_model(net, samples.inputs), samples, judging, recipe.inputs, with_loss=with_loss)


def _model(net: nn.Module, inputs: dict[str, torch.Tensor]) -> Model:
    return of_module(copied(net), signature(inputs), source=type(net).__name__, trained=True, cure=EXAMPLES)


def _named(net: nn.Module, recipe: Recipe, spec: str, *, with_loss: bool, progress: Progress) -> Learning:
    """Data as ``edgecompress build --data`` takes them."""
    if spec == sources.NO_DATA and not recipe.inputs.shapes:
        raise InputError("without data the network's inputs are not known; give data, or inputs as example=...")
    model, found, notes = sources.read(
        lambda inputs: of_module(copied(net), inputs, source=type(net).__name__, trained=True),
        spec,
        recipe.inputs,
        checkpoint=None,
        seed=recipe.seed,
        known=lambda: datasets.load(spec, None, download=True, resolution=recipe.inputs.resolution, progress=progress),
        progress=progress,
    )
    if spec == sources.NO_DATA:
        return _without_data(model)
    if with_loss and not found.classes:
        raise InputError(f"{spec} has no classes for this network, and so no targets for loss; give data as (x, y)")
    return _of_dataset(model, found, notes)


def _of_dataset(model: Model, data: Dataset, notes: tuple[str, ...]) -> Learning:
    training = TrainingData(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y), data.shift, data.mirror)
    why = None if data.classes else (why_no_classes(model.signature) or "the data have no classes")
    return Learning(
        model=model,
        training=training,
        validation_x=torch.from_numpy(data.validation_x),
        validation_y=torch.from_numpy(data.validation_y) if data.classes else None,
        why_not=why,
        sha256=lambda: data.source.sha256,
        notes=notes if data.source.official else (*notes, f"{data.name}: {data.source.note}"),
    )


def _without_data(model: Model) -> Learning:
    empty = torch.zeros((0, *model.signature.row))
    return Learning(model, TrainingData(empty, torch.zeros(0)), empty, None, "no data were given", lambda: "", ())


def _of_samples(
    model: Model, samples: InMemorySamples, judging: InMemorySamples | None, settings: Inputs, *, with_loss: bool
) -> Learning:
    """Data in memory, split."""
    why = _why_not(model.signature, samples, judging, with_loss=with_loss)
    everything = (samples, judging)
    y: Targets
    learns = samples.targets is not None and (with_loss or why is None)
    x = _rows(samples, model.signature)
    if not learns:
        training, y, judging_x, judging_y = x, torch.zeros(0), x[:0], None
    elif judging is not None:
        training, y = x, samples.targets
        judging_x, judging_y = _rows(judging, model.signature), judging.targets
    else:
        rest, held = _split(samples, settings.validation, by_class=not with_loss)
        training, y = x[rest], taken(samples.targets, rest)
        judging_x, judging_y = x[held], taken(samples.targets, held)
    return Learning(
        model=model,
        training=TrainingData(training, y, settings.shift, settings.mirror),
        validation_x=judging_x,
        validation_y=judging_y,
        why_not=why,
        sha256=lambda: digest_of([[each.inputs, each.targets] for each in everything if each is not None]),
    )


def _why_not(
    signature: Signature, samples: InMemorySamples, judging: InMemorySamples | None, *, with_loss: bool
) -> str | None:
    """The reason why the network cannot learn classes; ``None``: it can.

    Raises:
        InputError: targets were given, and they are no classes, or are given for one of both alone.
    """
    if judging is not None and (judging.targets is None) != (samples.targets is None):
        raise InputError("data and validation are to have targets both, or neither")
    if samples.targets is None or with_loss:
        return None if with_loss else "the data have no targets"
    why = why_no_classes(signature)
    found: list[torch.Tensor] = []
    for y in [each.targets for each in (samples, judging) if each is not None]:
        if why is not None or not (isinstance(y, torch.Tensor) and y.ndim == 1 and y.dtype in _WHOLE):
            what = why or "the targets are not one whole number a sample"
            raise InputError(
                f"{what}; give loss=..., and metric=..., to learn them, or leave them out to train nothing"
            )
        if int(y.min()) < 0:
            raise InputError(f"the targets hold the class {int(y.min())}; classes are numbered from 0")
        found.append(y)
    check_scores(found[0].numpy(), found[1].numpy() if len(found) > 1 else None, signature.outputs[0].shape[0])
    return None


def _rows(samples: InMemorySamples, signature: Signature) -> torch.Tensor:
    return torch.from_numpy(rows([each.numpy() for each in samples.inputs.values()], signature))


def _split(samples: InMemorySamples, fraction: float, *, by_class: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The samples that train, and those that judge."""
    classes = samples.targets.numpy().astype(np.int64) if by_class and samples.targets is not None else None
    rest, held = cut(Split((np.arange(len(samples)),), classes), fraction)
    return torch.from_numpy(rest.x[0]), torch.from_numpy(held.x[0])
