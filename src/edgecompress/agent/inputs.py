"""The inputs of a model: rows of real data or seeded noise, in the layout and types of the file, before any timing."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .engines.contract import Array, Engine, EngineInput, Feed
from .errors import JobError, RuntimeRefusedError, first_line

# What numpy and zipfile say of a damaged file: of a member that is encrypted, cut, compressed in a way that they do not
# know, or has a header that is no header. Deep nesting is a RuntimeError too.
BROKEN_NPZ = (
    OSError,
    ValueError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    SyntaxError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)

ONLY = "x"  # the name of the rows for a file of one input, whatever the file calls it


def read_array(path: Path, name: str) -> Array:
    """The array ``name`` of an npz file.

    Raises:
        JobError: the file is not an npz file, or has no such array.
    """
    with _opened(path) as archive:
        if name not in archive:
            raise JobError(f"{path} has no array '{name}' (it has {', '.join(archive.files) or 'none'})")
        array: Array = archive[name]
        return array


def read_rows(path: Path, count: int | None) -> Feed:
    """The first ``count`` rows, or all, of every array of an npz file, by name.

    Raises:
        JobError: the file is not an npz file.
    """
    with _opened(path) as archive:
        if count is None:
            return dict(archive)
        # Copies: a part of an array keeps all of it in memory.
        return {name: archive[name][:count].copy() for name in archive.files}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            yield archive
    except BROKEN_NPZ as error:
        raise JobError(f"cannot read {path}: {first_line(error)}") from error


def to_layout(x: Array, layout: str) -> Array:
    """``x`` (samples, channels, ...) in C order in the layout of a file: the channels stay or go last."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1) if layout == "channels_last" and x.ndim > 2 else x)


def channels_first(y: npt.NDArray[Any], layout: str) -> npt.NDArray[Any]:
    """``y`` (samples, ...), outputs of a file of that layout, in C order as the network gives them."""
    return np.ascontiguousarray(np.moveaxis(y, -1, 1)) if layout == "channels_last" and y.ndim > 2 else y


def batches(rows: Feed, engine: Engine, layout: str) -> list[Feed]:
    """``rows`` (samples, channels, ...) of each input, by its name, cut into what ``engine`` takes at once.

    A file of one input takes ``x``, where there are no rows of its name. Samples past the last full batch are followed
    by zeros: the first rows of the outputs count, as many as there are samples.

    Raises:
        JobError: there are no samples, an input has none, or they do not fit it.
    """
    only = len(engine.inputs) == 1 and engine.inputs[0].name not in rows
    names = {given: ONLY if only else given.name for given in engine.inputs}
    missing = [name for name in names.values() if name not in rows]
    if missing:
        raise JobError(f"the inputs have no array '{missing[0]}' (they have {', '.join(rows) or 'none'})")
    parts = {given.name: _parts(rows[name], given, layout) for given, name in names.items()}
    if len({len(each) for each in parts.values()}) != 1:
        raise JobError("the inputs have different numbers of rows")
    return [dict(zip(parts, each)) for each in zip(*parts.values())]  # noqa: B905 (strict came with Python 3.10)


def _parts(x: Array, given: EngineInput, layout: str) -> list[Array]:
    """The rows of one input, in batches."""
    if not len(x):
        raise JobError("the inputs have no rows")
    size, *shape = given.shape
    fitting = to_layout(x, layout)
    if fitting.shape[1:] != tuple(shape):
        raise JobError(
            f"a sample of shape {fitting.shape[1:]} ({layout}) does not fit the model's input {given.shape[1:]}"
        )
    if not np.can_cast(fitting.dtype, given.dtype, "same_kind"):
        raise JobError(f"the model takes {given.dtype} as '{given.name}', and the inputs have {fitting.dtype}")
    fitting = fitting.astype(given.dtype, copy=False)
    short = -len(fitting) % size
    if short:
        fitting = np.concatenate([fitting, np.zeros((short, *shape), fitting.dtype)])
    return [fitting[start : start + size] for start in range(0, len(fitting), size)]


def noise(engine: Engine, count: int, seed: int) -> list[Feed]:
    """``count`` inputs of standard normal values, the same for the same seed; whole numbers are 0 and 1.

    Those two are in any table that whole numbers point into.
    """
    random = np.random.default_rng(seed)

    def one(given: EngineInput) -> Array:
        whole = np.dtype(given.dtype).kind in "iub"
        values = random.integers(0, 2, given.shape) if whole else random.standard_normal(given.shape)
        return values.astype(given.dtype)

    return [{given.name: one(given) for given in engine.inputs} for _ in range(count)]


def feeds(engine: Engine, layout: str, rows: Feed | None, count: int, seed: int) -> list[Feed]:
    """``rows`` for ``engine``, or where there are none ``count`` inputs of noise.

    Raises:
        JobError: as ``batches``.
    """
    return noise(engine, count, seed) if rows is None else batches(rows, engine, layout)


def run(engine: Engine, feed: Feed, name: str) -> list[Array]:
    """``engine.run``, for calls that are not timed.

    Raises:
        RuntimeRefusedError: the runtime failed.
    """
    try:
        return engine.run(feed)
    except Exception as error:
        raise RuntimeRefusedError(f"{engine.runtime} fails in {name}: {first_line(error)}") from error
