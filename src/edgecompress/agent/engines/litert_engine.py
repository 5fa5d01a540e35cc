"""LiteRT on the CPU, or its predecessor tflite-runtime where only that is installed: runs TFLite files."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from ..errors import JobError, RuntimeRefusedError, first_line
from .contract import Array

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


class LiteRtEngine:
    """One interpreter."""

    def __init__(self, interpreter: Any, runtime: str, version: str) -> None:
        given = interpreter.get_input_details()[0]
        self.runtime = runtime
        self.version = version
        self.input_shape = tuple(int(size) for size in given["shape"])
        self.input_dtype = given["dtype"].__name__
        self.details = {"delegates": _delegates(interpreter)}
        self._set, self._invoke, self._get = interpreter.set_tensor, interpreter.invoke, interpreter.get_tensor
        self._input = given["index"]
        self._output = interpreter.get_output_details()[0]["index"]

    def run(self, x: Array) -> Array:
        """The first output for ``x``; it is copied out of the interpreter's memory."""
        self._set(self._input, x)
        self._invoke()
        y: Array = self._get(self._output)
        return y


def load(path: Path, threads: int, batch: int) -> LiteRtEngine:
    """The TFLite file at ``path``, with the runtime's default delegate (XNNPACK).

    Raises:
        JobError: the file's input is not one the agent can feed.
        RuntimeRefusedError: the runtime does not load it.
    """
    runtime, module, version = prepare()
    try:
        interpreter = module.Interpreter(model_path=str(path), num_threads=threads)
        shape = _shape(interpreter.get_input_details(), path.name, batch)
        if shape is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
    except JobError:
        raise
    except Exception as error:
        raise RuntimeRefusedError(f"{runtime} does not load {path.name}: {first_line(error)}") from error
    return LiteRtEngine(interpreter, runtime, version)


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


def _delegates(interpreter: Any) -> list[str] | None:
    """``["XNNPACK"]`` where that took part of the graph, ``[]`` where not; ``None`` where the runtime cannot tell."""
    # A delegated part of the graph is listed as an operator of its own, and no other delegate is asked for here. The
    # method is private to the runtime, and it is the only place that tells.
    listing = getattr(interpreter, "_get_ops_details", None)
    if listing is None:
        return None
    names = {str(op["op_name"]) for op in listing()}
    return ["XNNPACK"] if any(name == "DELEGATE" or "XNNPack" in name for name in names) else []
