"""LiteRT, with any delegate, or its predecessor tflite-runtime where only that is installed: runs TFLite files."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..accelerator import NONE, Accelerator
from ..errors import JobError, NotOfferedError, RuntimeRefusedError, first_line
from .contract import Array, EngineInput, Feed, Profiled, Sizes
from .litert_nodes import Nodes
from .litert_profile import ProfiledLiteRt, with_operators

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
    reasons = []
    for name, module, distribution in _RUNTIMES:
        try:
            return name, importlib.import_module(module), importlib.metadata.version(distribution)
        except ImportError as error:
            reasons.append(f"{distribution}: {first_line(error)}")
    raise JobError(
        f"no runtime for TFLite files imports here ({'; '.join(reasons)}); "
        f"install one: {sys.executable} -m pip install 'ai-edge-litert>=2.2'"
    )


def check(accelerator: Accelerator) -> None:
    """See that the delegate is there and can be loaded.

    Raises:
        JobError: it cannot, or neither runtime is installed.
    """
    runtime, module, _ = prepare()
    _delegates(runtime, module, accelerator)


def interpreter(
    model: Path | bytes,
    *,
    threads: int = 1,
    delegates: Sequence[Any] = (),
    plain: bool = False,
    reference: bool = False,
) -> Any:
    """An interpreter of a TFLite file or of its bytes, whose tensors are not allocated yet.

    ``plain``: the runtime's built-in kernels alone run it, without the delegate (XNNPACK) that it takes by default.
    ``reference``: its plain C++ kernels do, which round as those of TensorFlow Lite Micro.

    Raises:
        JobError: neither runtime is installed.
        Exception: the runtime refuses the file; its errors have no common base.
    """
    _, module, _ = prepare()
    options: dict[str, Any] = {"num_threads": threads, "experimental_delegates": list(delegates) or None}
    if reference:
        options["experimental_op_resolver_type"] = module.OpResolverType.BUILTIN_REF
    elif plain:
        options["experimental_op_resolver_type"] = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    given = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
    return module.Interpreter(**given, **options)


class LiteRtEngine:
    """One interpreter."""

    def __init__(self, interpreter: Any, runtime: str, version: str, nodes: Nodes) -> None:
        details = interpreter.get_input_details()
        self.runtime = runtime
        self.version = version
        self.inputs = tuple(
            EngineInput(each["name"], tuple(int(size) for size in each["shape"]), np.dtype(each["dtype"]).name)
            for each in details
        )
        self.outputs = tuple(each["name"] for each in interpreter.get_output_details())
        self.details = {"delegates": nodes.delegates()}
        self.placement = nodes.placement()
        self._set, self._invoke, self._get = interpreter.set_tensor, interpreter.invoke, interpreter.get_tensor
        self._inputs = [(each["index"], each["name"]) for each in details]
        self._outputs = [each["index"] for each in interpreter.get_output_details()]

    def run(self, feed: Feed) -> list[Array]:
        """All outputs for ``feed``; they are copied out of the interpreter's memory."""
        for index, name in self._inputs:
            self._set(index, feed[name])
        self._invoke()
        return [self._get(index) for index in self._outputs]


def load(
    path: Path,
    threads: int,
    batch: int | None,
    accelerator: Accelerator = NONE,
    free: Sizes | None = None,
) -> LiteRtEngine:
    """The TFLite file at ``path``, with the delegate asked for, and the runtime's default one (XNNPACK) for the rest.

    ``free`` sets nothing: every axis has a size in such a file, and only the batch is set to another.

    Raises:
        JobError: the file's input is not one the agent can feed, or there is no such delegate.
        RuntimeRefusedError: the runtime does not load it.
    """
    del free
    return _load(path, threads, batch, accelerator)[0]


def load_profiled(
    path: Path, threads: int, accelerator: Accelerator, folder: Path
) -> tuple[ProfiledLiteRt, Callable[[int], Profiled]]:
    """Load as ``load`` does, with each operator of the file as a graph of its own beside it; also what sums up.

    Raises:
        NotOfferedError: the file's operators, or this release, do not offer that.
        JobError, RuntimeRefusedError: as ``load``.
    """
    try:
        whole, parts = with_operators(path, folder)
    except NotOfferedError:
        _load(path, threads, 1, accelerator)  # what the runtime refuses is refused in its words
        raise
    try:
        engine, made, nodes = _load(whole, threads, 1, accelerator)
    except (RuntimeRefusedError, JobError) as error:
        _load(path, threads, 1, accelerator)  # and what is refused anyway, under the name that the user knows
        raise NotOfferedError(f"the runtime does not take its operators alone ({error})") from error
    profiled = ProfiledLiteRt(engine, made, parts, nodes)
    return profiled, profiled.finish


def _load(path: Path, threads: int, batch: int | None, accelerator: Accelerator) -> tuple[LiteRtEngine, Any, Nodes]:
    runtime, module, version = prepare()
    delegates = _delegates(runtime, module, accelerator)
    nodes = Nodes(accelerator.delegate)
    try:
        made = interpreter(path, threads=threads, delegates=delegates)
        nodes.before_default(made)
        for given in made.get_input_details():
            shape = _shape(given, path.name, batch)
            if shape is not None:
                made.resize_tensor_input(given["index"], shape)
        made.allocate_tensors()
        nodes.after_default(made)
    except JobError:
        raise
    except Exception as error:
        raise RuntimeRefusedError(f"{runtime} does not load {path.name}: {first_line(error)}") from error
    return LiteRtEngine(made, runtime, version, nodes), made, nodes


def _shape(given: dict[str, Any], name: str, batch: int | None) -> list[int] | None:
    """The shape to give an input for this batch; ``None`` where it has it already.

    Raises:
        JobError: it takes no plain numbers, or its batch size is fixed and another.
    """
    kind, quantised = np.dtype(given["dtype"]), len(given["quantization_parameters"]["scales"]) > 0
    if kind.kind not in "fiub" or quantised or not len(given["shape"]):
        described = f"quantised {kind}" if quantised else f"{kind} of shape {list(given['shape'])}"
        raise JobError(f"{name} takes {described} as '{given['name']}'; the agent feeds arrays of numbers as they are")
    size, *rest = (int(each) for each in given["shape"])
    fixed = int(given["shape_signature"][0]) != -1
    if batch is None:
        batch = size if fixed else 1
    if size == batch:
        return None
    if fixed:
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
