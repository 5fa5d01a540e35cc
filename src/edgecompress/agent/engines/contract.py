"""The contract of an engine: a loaded model file that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..accelerator import NONE, Accelerator

Array = npt.NDArray[np.generic]
Feed = dict[str, Array]
"""What an engine is given at once: an array for each of its inputs, by the input's name."""
Sizes = Mapping[str, Sequence[int]]
"""A shape for each input by name, for the axes that a file leaves free."""


class EngineInput(NamedTuple):
    """One input of a model file."""

    name: str
    shape: tuple[int, ...]  # with the batch; in the layout of the file
    dtype: str  # NumPy name


class Engine(Protocol):
    """A model file, loaded in a runtime."""

    runtime: str  # "onnxruntime", "litert" or "tflite-runtime"
    version: str
    inputs: tuple[EngineInput, ...]
    outputs: tuple[str, ...]  # their names, in the order in which `run` gives them
    details: dict[str, Any]  # what else the runtime can tell: providers, delegates
    # How many nodes each provider or delegate took, the one that was asked for first; None: the runtime does not tell.
    placement: dict[str, int] | None

    def run(self, feed: Feed) -> list[Array]:
        """All outputs for ``feed``, whose arrays are as ``inputs`` says and in C order.

        This is what latency times, and it holds the runtime's own calls alone: the inputs handed over, the inference,
        and each output fetched as an array of its own.
        """
        ...


class Profiled(NamedTuple):
    """The times that a profiled engine took."""

    nodes: list[dict[str, Any]]  # the slowest first: name, op_type, provider, calls, mean_us, p50_us, share
    runs_us: list[float]  # of each whole run
    method: str  # "profiler": of the runtime; "operators alone": each operator as a graph of its own
    together: float | None  # time of operators alone over the whole run's; None: a profiler's are parts of it


class Module(Protocol):
    """An engine's module. ``load_profiled`` may be missing: see ``engines.load_profiled``."""

    def prepare(self) -> object:
        """Import the runtime, or raise ``JobError`` with what to install."""
        ...

    def check(self, accelerator: Accelerator) -> None:
        """Raise ``JobError`` where this runtime lacks that accelerator, with what it has."""
        ...

    def load(
        self,
        path: Path,
        threads: int,
        batch: int | None,
        accelerator: Accelerator = NONE,
        free: Sizes | None = None,
    ) -> Engine:
        """Load a file, or raise ``RuntimeRefusedError`` with the runtime's message."""
        ...
