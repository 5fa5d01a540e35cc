"""Engines: the stock runtimes. A model file's suffix says which one runs it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from ..accelerator import NONE, Accelerator
from ..errors import JobError, NotOfferedError, first_line
from ..system.memory import release
from . import litert_engine, onnxruntime_engine
from .contract import Engine, Module, Profiled, Sizes

# The whole plug-in system: a suffix, and the module that has `prepare`, `check` and `load` for it. An installed package
# adds one by an entry point of this group, named as the suffix without the dot, whose value is its module.
BY_SUFFIX: dict[str, Module] = {".onnx": onnxruntime_engine, ".tflite": litert_engine}
GROUP = "edgecompress.engines"


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


def load(
    path: Path,
    threads: int,
    batch: int | None = 1,
    accelerator: Accelerator = NONE,
    free: Sizes | None = None,
) -> Engine:
    """The model file at ``path``, ready to run ``batch`` samples at once on ``threads`` threads of the CPU.

    ``None``: as many as the file takes at once where that is fixed, else one. Shapes of the inputs that are given as
    ``free`` say instead what the file leaves free; but where it fixes the batch of any input, a free batch is one.

    What the runtime freed when it had loaded the file goes back to the system.

    Raises:
        JobError: as ``check``, or the file's batch size is fixed and is not ``batch``.
        RuntimeRefusedError: the runtime does not load the file.
    """
    # An engine of before there were such sizes goes without them where none are given.
    sizes = {} if free is None else {"free": free}
    engine = _module(path).load(path, threads, batch, accelerator, **sizes)
    release()
    return engine


def load_profiled(
    path: Path, threads: int, accelerator: Accelerator, folder: Path
) -> tuple[Engine, Callable[[int], Profiled]]:
    """Load as ``load`` does, so that the time of each operator is taken; also return what sums these times up.

    That is called once, after the last run, with the number of the first runs that do not count. ``folder`` is for
    files.

    Raises:
        NotOfferedError: this runtime cannot tell, or not of this file.
        JobError, RuntimeRefusedError: as ``load``.
    """
    module = _module(path)
    module.prepare()
    profiled = getattr(module, "load_profiled", None)
    if profiled is None:
        raise NotOfferedError("this runtime has no profiler")
    made: tuple[Engine, Callable[[int], Profiled]] = profiled(path, threads, accelerator, folder)
    return made


def _module(path: Path) -> Module:
    if path.suffix in BY_SUFFIX:
        return BY_SUFFIX[path.suffix]
    others = _installed()
    if path.suffix not in others:
        known = " or ".join([*BY_SUFFIX, *sorted(others)])
        raise JobError(f"no runtime is known for {path.name}; its name must end in {known}")
    try:
        module: Module = others[path.suffix].load()
    except (ImportError, AttributeError) as error:
        raise JobError(f"the engine for {path.suffix} files does not load here ({first_line(error)})") from error
    return module


def _installed() -> dict[str, Any]:
    """The entry points of other packages' engines, by suffix."""
    found: Any = metadata.entry_points()
    chosen = found.select(group=GROUP) if hasattr(found, "select") else found.get(GROUP, ())  # 3.9 has no select
    return {f".{each.name}": each for each in chosen}
