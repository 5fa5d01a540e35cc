"""LiteRT, with any delegate, or its predecessor tflite-runtime where only that is installed: runs TFLite files."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from ..accelerator import NONE, Accelerator
from ..errors import JobError, RuntimeRefusedError, first_line
from .contract import Array
from .litert_nodes import Nodes

# (name in the record, module, distribution); the first that imports is taken.
_RUNTIMES = (
    ("litert", "ai_edge_litert.interpreter", "ai-edge-litert"),
    ("tflite-runtime", "tflite_runtime.interpreter", "tflite-runtime"),
)


def prepare() -> tuple[str, Any, str]:
    """The runtime's name, its module and its version.

    Raises:
        JobError: neither runtime is installed, or neither imports here.
    """
    said = []
    for name, module, distribution in _RUNTIMES:
        try:
            return name, importlib.import_module(module), importlib.metadata.version(distribution)
        except ImportError as error:
            said.append(f"{distribution}: {first_line(error)}")
    raise JobError(
        f"no runtime for TFLite files imports here ({'; '.join(said)}); "
        f"install one: {sys.executable} -m pip install ai-edge-litert"
    )


def check(accelerator: Accelerator) -> None:
    """See that the delegate is there and can be loaded.

    Raises:
        JobError: it cannot, or neither runtime is installed.
    """
    runtime, module, _ = prepare()
    _delegates(runtime, module, accelerator)


class LiteRtEngine:
    """One interpreter."""

    def __init__(self, interpreter: Any, runtime: str, version: str, nodes: Nodes) -> None:
        given = interpreter.get_input_details()[0]
        self.runtime = runtime
        self.version = version
        self.input_shape = tuple(int(size) for size in given["shape"])
        self.input_dtype = given["dtype"].__name__
        self.details = {"delegates": nodes.delegates()}
        self.placement = nodes.placement()
        self._set, self._invoke, self._get = interpreter.set_tensor, interpreter.invoke, interpreter.get_tensor
        self._input = given["index"]
        self._output = interpreter.get_output_details()[0]["index"]

    def run(self, x: Array) -> Array:
        """The first output for ``x``; it is copied out of the interpreter's memory."""
        self._set(self._input, x)
        self._invoke()
        y: Array = self._get(self._output)
        return y


def load(path: Path, threads: int, batch: int, accelerator: Accelerator = NONE) -> LiteRtEngine:
    """The TFLite file at ``path``, with the delegate asked for, and the runtime's default one (XNNPACK) for the rest.

    Raises:
        JobError: the file's input is not one the agent can feed, or there is no such delegate.
        RuntimeRefusedError: the runtime does not load it.
    """
    runtime, module, version = prepare()
    delegates = _delegates(runtime, module, accelerator)
    nodes = Nodes(accelerator.delegate)
    try:
        interpreter = module.Interpreter(
            model_path=str(path), num_threads=threads, experimental_delegates=delegates or None
        )
        nodes.before_default(interpreter)
        shape = _shape(interpreter.get_input_details(), path.name, batch)
        if shape is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
        nodes.after_default(interpreter)
    except JobError:
        raise
    except Exception as error:
        raise RuntimeRefusedError(f"{runtime} does not load {path.name}: {first_line(error)}") from error
    return LiteRtEngine(interpreter, runtime, version, nodes)


def _shape(inputs: list[dict[str, Any]], name: str, batch: int) -> list[int] | None:
    """The shape to give the input for this batch; ``None`` where it has it already.

    Raises:
        JobError: the input is not one array of floats, or its batch size is fixed and another.
    """
    kinds = [each["dtype"].__name__ for each in inputs]
    if len(inputs) != 1 or kinds[0] not in ("float32", "float16"):
        raise JobError(f"{name} takes {len(inputs)} inputs ({', '.join(kinds)}); the agent feeds one, of floats")
    size, *rest = (int(each) for each in inputs[0]["shape"])
    if size == batch:
        return None
    if int(inputs[0]["shape_signature"][0]) != -1:
        raise JobError(f'{name} takes batches of {size} and no other; set "batch": {size}')
    return [batch, *rest]


def _delegates(runtime: str, module: Any, accelerator: Accelerator) -> list[Any]:
    """The delegate asked for, loaded from its library; none where none is asked for."""
    if accelerator.provider:
        raise JobError("a provider is of onnxruntime; for LiteRT give a delegate")
    if not accelerator.delegate:
        return []
    try:
        return [module.load_delegate(accelerator.delegate)]
    except Exception as error:  # whatever the library raises while it starts
        raise JobError(f"{runtime} cannot load the delegate {accelerator.delegate}: {first_line(error)}") from error
