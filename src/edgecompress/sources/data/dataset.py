"""Make a data set from samples: checked against the network, split, scaled."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.errors import InputError
from edgecompress.manifest import NO_DATA
from edgecompress.recipe import Inputs
from edgecompress.sources.data.samples import Samples, Split
from edgecompress.sources.datasets._split import SEED, Indices, stratified
from edgecompress.sources.datasets._standardise import standardised, statistics
from edgecompress.sources.datasets.contract import Dataset, DataSource
from edgecompress.sources.signature import Signature, rows

LEAST = 3
_PIXEL = 255


def dataset(name: str, samples: Samples, signature: Signature, settings: Inputs, *, targets: bool = False) -> Dataset:
    """The data set ``name``. It has classes where the samples have and the network puts out scores of classes.

    Args:
        name: for reports.
        samples: what was read.
        signature: the network's inputs and outputs.
        settings: scaling, augmentation and split, of the recipe.
        targets: whether y is for a loss of the user's own; the data set has no classes then.

    Raises:
        InputError: the samples do not fit the network, or are too few to be split.
    """
    classes = None if targets else _classes(samples, signature)
    if classes is None and not targets:
        test = None if samples.test is None else Split(samples.test.x, None)
        samples = replace(samples, training=Split(samples.training.x, None), test=test, validation=None)
    training, judging, validation = _parts(samples, settings, by_class=not targets)
    mean, std = _scaling(training, signature, settings)

    def x(part: Split) -> NDArray[np.float32]:
        if not signature.plain:
            return rows(part.x, signature)
        return standardised(part.x[0], np.arange(len(part)), mean, std)

    return Dataset(
        name=name,
        train_x=x(training),
        train_y=_labels(training),
        validation_x=x(validation),
        validation_y=_labels(validation),
        test_x=x(judging),
        test_y=_labels(judging),
        classes=classes or (),
        mean=mean,
        std=std,
        source=DataSource(official=True, sha256=samples.sha256, note=f"the user's own: {samples.what}"),
        shift=settings.shift,
        mirror=settings.mirror,
    )


def nothing(signature: Signature, count: int, seed: int) -> Dataset:
    """A data set without samples but for noise to compare outputs on: normal floats, and 0 and 1 of whole numbers."""
    random = np.random.RandomState(seed)
    noise = [
        random.standard_normal((count, *end.shape)).astype(end.dtype)
        if "float" in end.dtype
        else random.randint(0, 2, (count, *end.shape)).astype(end.dtype)
        for end in signature.inputs
    ]
    empty, none = np.zeros((0, *signature.row), np.float32), np.zeros(0, np.int64)
    return Dataset(
        name=NO_DATA,
        train_x=empty,
        train_y=none,
        validation_x=empty,
        validation_y=none,
        test_x=rows(noise, signature),
        test_y=none,
        classes=(),
        mean=(),
        std=(),
        source=DataSource(official=True, sha256="", note="no data were given"),
        shift=0,
        mirror=False,
    )


def why_no_classes(signature: Signature) -> str | None:
    """The reason why a network's outputs are not scores of classes; ``None``: they are."""
    if len(signature.inputs) > 1 or len(signature.outputs) > 1:
        return f"it has {len(signature.inputs)} inputs and {len(signature.outputs)} outputs"
    if signature.whole:
        return f"{', '.join(sorted(signature.whole))} has no batch in its file"
    if not signature.plain:
        return f"its input is of type {signature.inputs[0].dtype}"
    if len(signature.outputs[0].shape) != 1 or signature.outputs[0].shape[0] < 2:
        shape = "x".join(map(str, signature.outputs[0].shape)) or "one number"
        return f"its output is {shape} a sample, and not a score for each class"
    return None


def _classes(samples: Samples, signature: Signature) -> tuple[str, ...] | None:
    """The names of the classes, in the order of the scores; None where nothing is classified."""
    if samples.no_classes and not why_no_classes(signature):
        raise InputError(f"{samples.no_classes}; or leave it out, and nothing is trained")
    if samples.training.y is None or why_no_classes(signature):
        return None
    scores = signature.outputs[0].shape[0]
    check_scores(samples.training.y, samples.test.y if samples.test is not None else None, scores)
    names = samples.classes
    if names is not None and len(names) != scores:
        raise InputError(
            f"the data have {len(names)} classes and the network puts out {scores} scores; they must be as many"
        )
    return names or tuple(map(str, range(scores)))


def check_scores(y: NDArray[np.int64], test: NDArray[np.int64] | None, scores: int) -> None:
    """Make sure that a network of so many ``scores`` can learn the classes ``y`` and be judged by those of ``test``.

    Raises:
        InputError: a class has no score, or there is one class alone.
    """
    found = np.unique(y)
    highest = max(int(each.max()) for each in (y, test) if each is not None)
    if highest >= scores:
        raise InputError(
            f"the data have the class {highest}, and the network puts out {scores} scores, 0 to {scores - 1}"
            + ("; classes are numbered from 0: store y - 1" if highest == scores and found[0] > 0 else "")
        )
    if len(found) < 2:
        raise InputError(f"the data have one class ({found[0]}); two or more are needed")


def _parts(samples: Samples, settings: Inputs, *, by_class: bool) -> tuple[Split, Split, Split]:
    """The training, test and validation splits, the same in every run."""
    training, test, validation = samples.training, samples.test, samples.validation
    if test is None:
        training, test = cut(training, settings.test, by_class=by_class)
    if validation is None and training.y is not None:
        training, validation = cut(training, settings.validation, by_class=by_class)
    return training, test, validation or Split(tuple(x[:0] for x in training.x), None)


def cut(part: Split, fraction: float, *, by_class: bool = True) -> tuple[Split, Split]:
    """Split ``part`` in two: the rest, and a ``fraction`` of it, of each class where it has classes.

    Raises:
        InputError: there are too few samples.
    """
    if part.y is None or not by_class:
        if len(part) < 2:
            raise InputError("the data have one sample; give two or more, one of them to compare outputs on")
        order = np.random.RandomState(SEED).permutation(len(part))
        at = max(1, round(fraction * len(part)))
        return _rows(part, np.sort(order[at:])), _rows(part, np.sort(order[:at]))
    labels, counts = np.unique(part.y, return_counts=True)
    if counts.min() < LEAST:
        few = labels[counts.argmin()]
        raise InputError(
            f"class {few} has {counts.min()} samples; {LEAST} or more are needed, to train, validate and test"
        )
    return tuple(_rows(part, indices) for indices in stratified(part.y, fraction))  # type: ignore[return-value]


def _rows(part: Split, indices: Indices) -> Split:
    return Split(tuple(x[indices] for x in part.x), None if part.y is None else part.y[indices])


def _labels(part: Split) -> NDArray[Any]:
    return np.zeros(0, np.int64) if part.y is None else part.y


def _scaling(training: Split, signature: Signature, settings: Inputs) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel, in the units of the raw samples."""
    if not signature.plain:
        if settings.mean is not None or settings.std is not None:
            raise InputError(
                "inputs.mean and inputs.std are for networks of one input; give the inputs as it takes them"
            )
        return (), ()
    raw = training.x[0]
    channels = raw.shape[1]
    pixels = raw.dtype == np.uint8
    low, high = settings.range if pixels else (0.0, float(_PIXEL))
    unit = _PIXEL / (high - low)
    if settings.mean is None and settings.std is None:
        return statistics(raw) if pixels else ((0.0,) * channels, (1.0,) * channels)
    mean, std = (
        _each(name, given, channels)
        for name, given in (("mean", settings.mean or [0.0]), ("std", settings.std or [1.0]))
    )
    return tuple((m - low) * unit for m in mean), tuple(s * unit for s in std)


def _each(name: str, given: list[float], channels: int) -> list[float]:
    if len(given) not in (1, channels):
        raise InputError(
            f"inputs.{name} has {len(given)} numbers; give one, or one for each of the {channels} channels"
        )
    return given * channels if len(given) == 1 else given
