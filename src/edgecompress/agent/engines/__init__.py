"""Engines: the stock runtimes. A model file's suffix says which one runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..accelerator import NONE, Accelerator
from ..errors import JobError
from ..system.memory import release
from . import litert_engine, onnxruntime_engine
from .contract import Engine, Module

# The whole plug-in system: a suffix, and the module that has `prepare` and `load` for it.
BY_SUFFIX: dict[str, Module] = {".onnx": onnxruntime_engine, ".tflite": litert_engine}


def prepare(path: Path) -> None:
    """Import the runtime of a model file, so that what comes after measures the file and not the import.

    Raises:
        JobError: no runtime runs such a file, or the one that does is not installed.
    """
    _module(path).prepare()


def check(path: Path, accelerator: Accelerator) -> None:
    """See that the runtime of a model file has the accelerator, before anything is measured.

    Raises:
        JobError: as ``prepare``, or it has not; the line says what it has.
    """
    _module(path).check(accelerator)


def load(path: Path, threads: int, batch: int | None = 1, accelerator: Accelerator = NONE) -> Engine:
    """The model file at ``path``, ready to run ``batch`` samples at once on ``threads`` threads of the CPU.

    ``None``: as many as the file takes at once where that is fixed, else one.

    What the runtime freed when it had loaded the file goes back to the system.

    Raises:
        JobError: as ``check``, or the file's batch size is fixed and is not ``batch``.
        RuntimeRefusedError: the runtime does not load the file.
    """
    engine = _module(path).load(path, threads, batch, accelerator)
    release()
    return engine


def load_profiled(
    path: Path, threads: int, accelerator: Accelerator, folder: Path
) -> tuple[Engine, Callable[[], Path]] | None:
    """Load as ``load`` does, with the runtime's profiler on; also return what ends that and gives the file it wrote.

    ``None``: this runtime has no profiler that Python reaches.

    Raises:
        JobError, RuntimeRefusedError: as ``load``.
    """
    module = _module(path)
    module.prepare()
    profiled: Callable[..., tuple[Engine, Callable[[], Path]]] | None = getattr(module, "load_profiled", None)
    return None if profiled is None else profiled(path, threads, accelerator, folder)


def _module(path: Path) -> Module:
    if path.suffix not in BY_SUFFIX:
        raise JobError(f"no runtime is known for {path.name}; its name must end in {' or '.join(BY_SUFFIX)}")
    return BY_SUFFIX[path.suffix]
