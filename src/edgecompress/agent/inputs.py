"""What a model is fed: rows of real data or seeded noise, in the layout and type of the file, before any timing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from .engines.contract import Array, Engine
from .errors import JobError, RuntimeRefusedError, first_line


def read_array(path: Path, name: str) -> Array:
    """The array ``name`` of an npz file.

    Raises:
        JobError: the file is not an npz file, or has no such array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if name not in archive:
                raise JobError(f"{path} has no array '{name}' (it has {', '.join(archive.files) or 'none'})")
            array: Array = archive[name]
            return array
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise JobError(f"cannot read {path}: {first_line(error)}") from error


def to_layout(x: Array, layout: str) -> Array:
    """``x`` (samples, channels, ...) in C order in the layout of a file: the channels stay or go last."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1) if layout == "channels_last" and x.ndim > 2 else x)


def batches(x: Array, engine: Engine, layout: str) -> list[Array]:
    """``x`` (samples, channels, ...), cut into what ``engine`` takes at once.

    Samples past the last full batch are followed by zeros: the first ``len(x)`` rows of the outputs count.

    Raises:
        JobError: there are no samples, or they do not fit the model's input.
    """
    if not len(x):
        raise JobError("the inputs have no rows")
    size = engine.input_shape[0]
    fitting = to_layout(x, layout).astype(engine.input_dtype, copy=False)
    if fitting.shape[1:] != engine.input_shape[1:]:
        raise JobError(
            f"a sample of shape {fitting.shape[1:]} ({layout}) does not fit the model's input {engine.input_shape[1:]}"
        )
    missing = -len(fitting) % size
    if missing:
        fitting = np.concatenate([fitting, np.zeros((missing, *fitting.shape[1:]), fitting.dtype)])
    return [fitting[start : start + size] for start in range(0, len(fitting), size)]


def noise(engine: Engine, count: int, seed: int) -> list[Array]:
    """``count`` inputs of standard normal values, the same for the same seed."""
    random = np.random.default_rng(seed)
    return [random.standard_normal(engine.input_shape).astype(engine.input_dtype) for _ in range(count)]


def run(engine: Engine, x: Array, name: str) -> Array:
    """``engine.run``, for calls that are not timed.

    Raises:
        RuntimeRefusedError: the runtime failed.
    """
    try:
        return engine.run(x)
    except Exception as error:
        raise RuntimeRefusedError(f"{engine.runtime} fails in {name}: {first_line(error)}") from error
