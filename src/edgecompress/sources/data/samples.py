"""The user's own data as they were read, before they are split and scaled."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.errors import InputError
from edgecompress.manifest import End

Array = NDArray[Any]


@dataclass(frozen=True)
class Split:
    """Samples that belong together.

    Attributes:
        x: an array of shape (N, ...) for each input.
        y: classes of shape (N,), or targets (N, ...) of a loss of the user's own; None: there are none.
    """

    x: tuple[Array, ...]
    y: Array | None

    def __len__(self) -> int:
        return len(self.x[0])


@dataclass(frozen=True)
class Samples:
    """All that was read.

    Attributes:
        training: what networks learn from, or are calibrated with.
        test: what they are judged on; None: it is cut off the training part.
        validation: what decides while they train; None: it is cut off the training part.
        classes: names; None: they are numbered.
        sha256: over what was read.
        what: a few words, for reports.
        notes: what the user should know.
        no_classes: why what was given as classes is none, and how to store them; None: they are, or none were given.
    """

    training: Split
    test: Split | None
    validation: Split | None
    classes: tuple[str, ...] | None
    sha256: str
    what: str
    notes: tuple[str, ...] = ()
    no_classes: str | None = None

    @property
    def shapes(self) -> tuple[End, ...]:
        """The inputs of a network that takes these samples."""
        return tuple(
            End(
                name="input" if len(self.training.x) == 1 else f"input{number}",
                shape=list(x.shape[1:]),
                dtype="float32" if x.dtype.kind == "f" or x.dtype == np.uint8 else x.dtype.name,
            )
            for number, x in enumerate(self.training.x)
        )


def from_arrays(
    where: str, arrays: Mapping[str, Array], inputs: Sequence[End], sha256: str, what: str, *, targets: bool = False
) -> Samples:
    """Samples of named arrays: x, and y, x_test, y_test and classes if they are there.

    A network of several inputs has an array for each, under the input's name.

    Args:
        where: whence the arrays are, for errors.
        arrays: by name.
        inputs: of the network; empty: not known yet, and one.
        sha256: over what was read.
        what: a few words on what the samples are.
        targets: whether y is for a loss of the user's own, any numbers, and no classes.

    Raises:
        InputError: an array is missing, of another length or shape, or holds what is no number.
    """
    names = [end.name for end in inputs] if len(inputs) > 1 else ["x"]
    missing = next((name for name in names if name not in arrays), None)
    if missing is not None:
        raise InputError(f"{where} has no array '{missing}' (it has {', '.join(arrays) or 'none'})")
    classes = arrays.get("classes")
    if classes is not None and classes.ndim != 1:
        raise InputError(f"{where}: 'classes' has shape {classes.shape}; give one name a class, shape (classes,)")
    training = _part(where, arrays, names, "", inputs, targets=targets)
    test = _part(where, arrays, names, "_test", inputs, targets=targets) if f"{names[0]}_test" in arrays else None
    reasons = [
        f"{where}: '{name}' {why}"
        for name in ("y", "y_test")
        if not targets and name in arrays and (why := _no_classes(name, arrays[name])) is not None
    ]
    notes = [f"{reason} (x alone is used, nothing is trained)" for reason in reasons]
    if test and (test.y is None) != (training.y is None):
        raise InputError(f"{where} has classes for only one of x and x_test; give y and y_test, both of whole numbers")
    named = None if classes is None else _named(where, classes)
    return Samples(training, test, None, named, sha256, what, tuple(notes), next(iter(reasons), None))


def _named(where: str, classes: Array) -> tuple[str, ...]:
    try:
        return tuple(each.decode() if isinstance(each, bytes) else str(each) for each in classes)
    except (SystemError, ValueError) as error:  # numbers in it that stand for no character
        raise InputError(f"{where}: 'classes' holds what is no text; give one name a class") from error


def digest_arrays(arrays: Mapping[str, Array]) -> str:
    """SHA-256 over names, types, shapes and numbers."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype} {array.shape}\n".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _part(
    where: str,
    arrays: Mapping[str, Array],
    names: Sequence[str],
    suffix: str,
    inputs: Sequence[End],
    *,
    targets: bool,
) -> Split:
    x = tuple(_inputs(where, f"{name}{suffix}", arrays) for name in names)
    count = len(x[0])
    known: Sequence[End | None] = inputs or [None] * len(x)
    for name, array, end in zip(names, x, known, strict=True):
        if len(array) != count:
            raise InputError(f"{where}: '{name}{suffix}' has {len(array)} samples, '{names[0]}{suffix}' {count}")
        if end is not None and list(array.shape[1:]) != list(end.shape):
            sizes = "x".join(map(str, array.shape[1:])) or "1"
            wanted = "x".join(map(str, end.shape)) or "1"
            cure = reordered(list(array.shape[1:]), f"{name}{suffix}", list(end.shape))
            raise InputError(
                f"{where}: samples of '{name}{suffix}' are of shape {sizes}, the network takes {wanted}"
                + (f"; {cure}" if cure else "")
            )
    y = arrays.get(f"y{suffix}")
    if y is None:
        return Split(x, None)
    return Split(x, (_targets if targets else _classes)(where, f"y{suffix}", y, count))


def _inputs(where: str, name: str, arrays: Mapping[str, Array]) -> Array:
    array = arrays[name]
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where}: '{name}' is of type {array.dtype}; give an array of numbers")
    if array.ndim < 2 or not array.size:
        raise InputError(f"{where}: '{name}' has shape {array.shape}; give (samples, ...), such as (N, 3, 32, 32)")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.argwhere(~np.isfinite(array).all(axis=tuple(range(1, array.ndim))))[0, 0])
        raise InputError(f"{where}: '{name}' holds NaN or infinite values, first in sample {bad}; repair the data")
    return array


def reordered(given: list[int], name: str, wanted: list[int] | None = None) -> str | None:
    """The way to store samples of shape ``given`` as a network takes them; ``None``: that cannot be seen.

    Args:
        given: of one sample.
        name: of the array.
        wanted: of one sample, as the network takes it; ``None``: not known, but channels first.
    """
    turned = given[-1:] + given[:-1]
    looks_last = wanted is None and len(given) == 3 and given[-1] in (1, 3, 4) and given[0] not in (1, 3, 4)
    if looks_last or (turned == wanted and len(given) > 1):
        return f"its channels are last, and go first here: store numpy.moveaxis({name}, -1, 1)"
    if wanted is not None and [1, *given] == wanted:
        return f"it has no axis of channels: store {name}[:, None]"
    if wanted is None and len(given) == 2 and min(given) > 4:
        return f"images of one channel need an axis for it: store {name}[:, None]"
    return None


def _targets(where: str, name: str, y: Array, count: int) -> Array:
    """Targets of a loss of the user's own."""
    if y.ndim == 0 or len(y) != count:
        raise InputError(f"{where}: '{name}' has shape {y.shape}, x has {count} samples; give one target a sample")
    if y.dtype.kind not in "iubf":
        raise InputError(f"{where}: '{name}' is of type {y.dtype}; give an array of numbers")
    return y


def _classes(where: str, name: str, y: Array, count: int) -> NDArray[np.int64] | None:
    """Classes, or None where ``y`` is something else to learn."""
    if y.ndim == 0 or len(y) != count:
        raise InputError(f"{where}: '{name}' has shape {y.shape}, x has {count} samples; give one class a sample")
    if _no_classes(name, y) is not None:
        return None
    if y.min() < 0:
        raise InputError(f"{where}: '{name}' holds the class {y.min()}; classes are numbered from 0")
    return y.astype(np.int64)


def _no_classes(name: str, y: Array) -> str | None:
    """The reason why ``y`` holds no classes, and how to store them; ``None``: it does."""
    if y.dtype.kind not in "iubf":
        return f"holds no numbers ({y.dtype}); store the classes with numpy.unique({name}, return_inverse=True)[1]"
    if y.ndim > 1:
        return f"has shape {y.shape}; {_one_each(name, y)}"
    if y.dtype.kind != "f":
        return None
    if bool((y == np.floor(y)).all()):
        return f"holds {y.dtype}, and classes are whole numbers; store {name}.astype('int64')"
    return f"holds no classes but {y.dtype}; store whole numbers from 0"


def _one_each(name: str, y: Array) -> str:
    """The way to store ``y``, of several axes, as one class a sample."""
    if y[0].size == 1:
        return f"store one class a sample: {name}.reshape(-1).astype('int64')"
    if y.ndim == 2 and bool(((y == 0) | (y == 1)).all()) and bool((y.sum(1) == 1).all()):
        return f"it is one-hot, store the classes themselves: {name}.argmax(1)"
    return f"that is no class a sample, store whole numbers from 0, shape ({len(y)},)"
