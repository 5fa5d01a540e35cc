"""onnxruntime on the CPU: runs ONNX files."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from ..errors import JobError, RuntimeRefusedError, first_line
from .contract import Array

_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
_ERRORS_ONLY = 3


def prepare() -> Any:
    """The module ``onnxruntime``.

    Raises:
        JobError: it is not installed, or does not import here.
    """
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise JobError(
            f"onnxruntime does not import here ({first_line(error)}); "
            f"install it: {sys.executable} -m pip install onnxruntime"
        ) from error


class OnnxRuntimeEngine:
    """One inference session."""

    runtime = "onnxruntime"

    def __init__(self, session: Any, version: str, batch: int, name: str) -> None:
        if len(session.get_inputs()) != 1:
            raise JobError(f"{name} has {len(session.get_inputs())} inputs; the agent runs models with one")
        (given,) = session.get_inputs()
        first, *rest = given.shape
        if given.type not in _DTYPES or not all(isinstance(size, int) for size in rest):
            raise JobError(
                f"{name} takes {given.type} of shape {given.shape}; the agent feeds floats, only the batch may vary"
            )
        if isinstance(first, int) and first != batch:
            raise JobError(f'{name} takes batches of {first} and no other; set "batch": {first}')
        self.version = version
        self.input_shape = (batch, *rest)
        self.input_dtype = _DTYPES[given.type]
        self.details: dict[str, Any] = {"providers": session.get_providers()}
        self._run = session.run
        self._input = given.name
        self._outputs = [session.get_outputs()[0].name]

    def run(self, x: Array) -> Array:
        """The first output for ``x``."""
        y: Array = self._run(self._outputs, {self._input: x})[0]
        return y


def load(path: Path, threads: int, batch: int) -> OnnxRuntimeEngine:
    """The ONNX file at ``path``, with all of the runtime's default graph optimisations.

    Raises:
        JobError: the file's input is not one the agent can feed.
        RuntimeRefusedError: onnxruntime does not load it.
    """
    module = prepare()
    options = module.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Idle workers of one session would spin into the timed region of the next: stop them when its run ends.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        session = module.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise RuntimeRefusedError(f"onnxruntime does not load {path.name}: {first_line(error)}") from error
    return OnnxRuntimeEngine(session, module.__version__, batch, path.name)
