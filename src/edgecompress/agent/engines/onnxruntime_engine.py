"""onnxruntime, on the CPU or with another of its execution providers: runs ONNX files."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import telemetry
from ..accelerator import NONE, Accelerator
from ..errors import JobError, RuntimeRefusedError, first_line
from . import onnxruntime_profile
from .contract import Array, EngineInput, Feed, Profiled, Sizes

_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"} | {
    f"tensor({name})": name for name in _WHOLE
}
_ERRORS, _NOTHING = 3, 4  # what onnxruntime writes to stderr by itself
_SUFFIX = "ExecutionProvider"
_CPU, _CUDA, _TENSORRT = f"CPU{_SUFFIX}", f"CUDA{_SUFFIX}", f"Tensorrt{_SUFFIX}"


def prepare() -> Any:
    """The module ``onnxruntime``.

    Raises:
        JobError: it is not installed, or does not import here.
    """
    telemetry.switch_off()
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise JobError(
            f"onnxruntime does not import here ({first_line(error)}); "
            f"install it: {sys.executable} -m pip install onnxruntime"
        ) from error


def check(accelerator: Accelerator) -> None:
    """See that the provider is one of this build.

    Raises:
        JobError: it is not, or onnxruntime is not installed.
    """
    _providers(prepare(), accelerator)


def session(
    model: Path | bytes,
    *,
    threads: int = 1,
    providers: Sequence[str] = (_CPU,),
    optimise: bool = True,
    left_out: Sequence[str] = (),
    arena: bool = True,
    log: int = _NOTHING,
    profile: Path | None = None,
) -> Any:
    """An inference session of an ONNX file or of its bytes.

    Args:
        model: The file, or what would be in one.
        threads: Of an operator; operators run one after the other.
        providers: By their whole names. One that fails is not replaced by another.
        optimise: Whether the graph is rewritten with all of the runtime's default optimisations, or runs as it stands.
        left_out: Names of optimisations that are not made.
        arena: Whether memory is taken from the system in large parts, and kept.
        log: Of what severity the runtime writes lines to stderr: 3 errors, 4 nothing that ends no process.
        profile: Where the profiler's file begins its name; ``None``: it is off.

    Raises:
        JobError: onnxruntime is not installed.
        Exception: the runtime refuses the file; its errors have no common base.
    """
    module = prepare()
    options = module.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = log
    options.enable_cpu_mem_arena = arena
    if not optimise:
        options.graph_optimization_level = module.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Idle workers of one session would spin into the timed region of the next: stop them when its run ends.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, str(profile)
    # Without enable_fallback=False, a provider that fails is replaced by the CPU's with a line on stdout.
    return module.InferenceSession(
        model if isinstance(model, bytes) else str(model),
        options,
        providers=list(providers),
        enable_fallback=False,
        disabled_optimizers=list(left_out),
    )


class OnnxRuntimeEngine:
    """One inference session."""

    runtime = "onnxruntime"

    def __init__(self, session: Any, version: str, batch: int | None, name: str, free: Sizes | None = None) -> None:
        takes = session.get_inputs()
        known = _known(takes, free or {})
        self.inputs = tuple(_input(given, known.get(given.name, ()), batch, name) for given in takes)
        self.version = version
        self.details: dict[str, Any] = {"providers": session.get_providers()}
        self.placement = _placement(session)
        self._run = session.run
        self._outputs = [given.name for given in session.get_outputs()]
        self.outputs = tuple(self._outputs)

    def run(self, feed: Feed) -> list[Array]:
        """All outputs for ``feed``."""
        made: list[Array] = self._run(self._outputs, feed)
        return made


def load(
    path: Path,
    threads: int,
    batch: int | None,
    accelerator: Accelerator = NONE,
    free: Sizes | None = None,
) -> OnnxRuntimeEngine:
    """The ONNX file at ``path``, with all of the runtime's default graph optimisations.

    Raises:
        JobError: the file's input is not one the agent can feed, or there is no such provider.
        RuntimeRefusedError: onnxruntime does not load it, or goes on without the provider that was asked for.
    """
    return _load(path, threads, batch, accelerator, free)[0]


def load_profiled(
    path: Path, threads: int, accelerator: Accelerator, folder: Path
) -> tuple[OnnxRuntimeEngine, Callable[[int], Profiled]]:
    """Load as ``load`` does, profiled; also return what ends that and reads the file it wrote, in ``folder``."""
    engine, session = _load(path, threads, 1, accelerator, profile=folder / "profile")
    return engine, lambda skip: onnxruntime_profile.read(Path(session.end_profiling()), skip)


def _load(
    path: Path,
    threads: int,
    batch: int | None,
    accelerator: Accelerator,
    free: Sizes | None = None,
    profile: Path | None = None,
) -> tuple[OnnxRuntimeEngine, Any]:
    module = prepare()
    providers = _providers(module, accelerator)
    try:
        made = session(path, threads=threads, providers=providers, log=_ERRORS, profile=profile)
    except Exception as error:
        raise RuntimeRefusedError(f"onnxruntime does not load {path.name}: {first_line(error)}") from error
    taken = made.get_providers()
    if providers[0] not in taken:
        raise RuntimeRefusedError(
            f"onnxruntime cannot start {providers[0]} here, and would run {path.name} with {', '.join(taken)}: "
            "are the libraries that it needs installed?"
        )
    return OnnxRuntimeEngine(made, module.__version__, batch, path.name, free), made


def _known(takes: Sequence[Any], free: Sizes) -> dict[str, Sequence[int]]:
    """``free`` for the inputs of a session; where it fixes any batch, a batch that is free is one."""
    fixed = any(given.shape and isinstance(given.shape[0], int) for given in takes)
    return {name: (1, *sizes[1:]) if fixed else sizes for name, sizes in free.items()}


def _input(given: Any, known: Sequence[int], batch: int | None, name: str) -> EngineInput:
    """One input of a session, for this batch; ``known`` is a shape for the axes that it leaves free."""
    shape = given.shape
    if len(known) == len(shape):
        shape = [size if isinstance(size, int) else mine for size, mine in zip(shape, known)]  # noqa: B905
    first, *rest = shape or (None,)
    if given.type not in _DTYPES or not shape or not all(isinstance(size, int) for size in rest):
        raise JobError(
            f"{name} takes {given.type} of shape {given.shape} as '{given.name}'; "
            "the agent feeds arrays of numbers, and only the first axis may vary"
        )
    if batch is None:
        batch = first if isinstance(first, int) else 1
    if isinstance(first, int) and first != batch:
        raise JobError(f'{name} takes batches of {first} and no other; set "batch": {first}')
    return EngineInput(given.name, (batch, *rest), _DTYPES[given.type])


def _providers(module: Any, accelerator: Accelerator) -> list[str]:
    """The providers for a session: the one asked for, and those that get what it leaves."""
    if accelerator.delegate:
        raise JobError("a delegate is of LiteRT; for onnxruntime give a provider")
    if not accelerator.provider:
        return [_CPU]
    available: list[str] = module.get_available_providers()
    names = {_short(name): name for name in module.get_all_providers()}
    wanted = names.get(_short(accelerator.provider), accelerator.provider)
    if wanted not in available:
        raise JobError(f"this onnxruntime ({module.__version__}) has no {wanted}; it has {', '.join(available)}")
    after = [_CUDA] if wanted == _TENSORRT and _CUDA in available else []
    return list(dict.fromkeys([wanted, *after, _CPU]))


def _short(name: str) -> str:
    """``CUDAExecutionProvider`` and ``Cuda`` are ``cuda``."""
    short = name.lower()
    return short[: -len(_SUFFIX)] if short.endswith(_SUFFIX.lower()) else short


def _placement(session: Any) -> dict[str, int] | None:
    """The number of nodes that each provider took, after the optimisations that run before partitioning."""
    tell = getattr(session, "get_provider_graph_assignment_info", None)
    if tell is None:
        return None
    counts = dict.fromkeys(session.get_providers(), 0)
    for part in tell():
        counts[part.ep_name] = counts.get(part.ep_name, 0) + len(part.get_nodes())
    return counts
