"""Data that a function of the user's own returns: arrays by name, or batches for training and test."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from edgecompress.errors import InputError
from edgecompress.manifest import End
from edgecompress.sources.callables import call
from edgecompress.sources.data.samples import Array, Samples, digest_arrays, from_arrays


def loaders(spec: str, inputs: Sequence[End], *, targets: bool = False) -> Samples:
    """The samples that ``spec`` (``package.module:function``) returns.

    It returns a mapping of arrays, as ``npz`` reads them, or one or two iterables of batches (x, y), of which the
    second is the test set; tensors of PyTorch are arrays too. All is read once, into memory.

    Raises:
        InputError: the function fails, or returns something else.
    """
    made = call(spec)
    if isinstance(made, Mapping):
        arrays = {str(name): _array(spec, value) for name, value in made.items()}
    else:
        parts = list(made) if isinstance(made, tuple | list) and 0 < len(made) <= 2 else [made]
        arrays = {}
        for suffix, part in zip(("", "_test"), parts, strict=False):
            arrays |= {f"{name}{suffix}": array for name, array in _batches(spec, part).items()}
    return from_arrays(spec, arrays, inputs, digest_arrays(arrays), f"arrays of {spec}", targets=targets)


def _batches(spec: str, part: object) -> dict[str, Array]:
    """All batches of one iterable, joined."""
    if not isinstance(part, Iterable):
        raise InputError(
            f"{spec} returned a {type(part).__name__}; return a dict of arrays x, y (and x_test, y_test), or one or "
            "two iterables of batches (x, y)"
        )
    xs, ys = [], []
    for number, batch in enumerate(part):
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise InputError(f"{spec}: batch {number} is not a pair (x, y)")
        xs.append(_array(spec, batch[0]))
        ys.append(np.atleast_1d(_array(spec, batch[1])))
    if not xs:
        raise InputError(f"{spec} returned no batches; give at least one")
    try:
        return {"x": np.concatenate(xs), "y": np.concatenate(ys)}
    except ValueError as error:
        raise InputError(f"{spec}: its batches do not fit together: {error}") from error


def _array(spec: str, value: Any) -> Array:
    try:
        return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{spec} returned a {type(value).__name__} where an array is needed: {error}") from error
