"""The proof of a file of several inputs or outputs: each by its name, in its runtime, in a process of its own."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.errors import CheckError
from edgecompress.export.isolated import run_step
from edgecompress.export.onnx_graph.write import write
from edgecompress.export.verify import (
    Layout,
    OutputCheck,
    Verification,
    bit_identical,
    channels_first,
    compare_latency,
    compare_outputs,
)

Array = npt.NDArray[Any]
SECONDS = 1800
BATCH = {".onnx": 32, ".tflite": 1}
"""Samples at once, where a file leaves that free."""


@dataclass(frozen=True)
class Named:
    """What a file is proved against.

    Attributes:
        inputs: by name, (N, channels, ...), in the types that the file takes.
        expected: outputs by name, of the same samples.
        as_it_is: whether a TFLite file has its axes in this order too, as files of other tools may.
        dense: the dense file of the same format, to compare the latency with; ``None``: there is none.
        narrower: as ``proved.Reference`` has it.
    """

    inputs: Mapping[str, Array]
    expected: Mapping[str, Array]
    as_it_is: bool = False
    dense: Path | None = None
    narrower: bool = False


def outputs(path: Path, inputs: Mapping[str, Array], *, as_it_is: bool = False) -> dict[str, Array]:
    """What the runtime of ``path`` makes of ``inputs``; ``as_it_is`` as in ``Named``.

    Raises:
        CheckError: it refused the file, or crashed on it.
        InputError: the runtime is not installed, or the inputs do not fit the file.
    """
    return _run(path, inputs, as_it_is=as_it_is)[0]


def _run(path: Path, inputs: Mapping[str, Array], *, as_it_is: bool) -> tuple[dict[str, Array], str, str]:
    """The outputs, channels first but ``as_it_is``, and the runtime's name and version."""
    layout: Layout = "channels_last" if path.suffix == ".tflite" and not as_it_is else "channels_first"
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        given, written = Path(folder) / "x.npz", Path(folder) / "y.npz"
        np.savez(given, allow_pickle=False, **inputs)
        job = {
            "file": str(path.resolve()),
            "inputs": str(given),
            "output": str(written),
            "outputs": "all",
            "layout": layout,
            "batch": BATCH.get(path.suffix, 1),
        }
        done = run_step("outputs", job, path, seconds=SECONDS)[-1]
        with np.load(written, allow_pickle=False) as archive:
            made = {name: channels_first(array, layout) for name, array in archive.items()}
    return made, done["runtime"], done["version"]


def of_graph(graph: ir.Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """What onnxruntime computes from a graph as it is, for networks that PyTorch does not run here.

    Raises:
        CheckError: onnxruntime does not run it.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        path = Path(folder) / "graph.onnx"
        write(graph, path)
        return outputs(path, inputs)


def verify_named(
    path: Path,
    reference: Named,
    *,
    relative_tolerance: float,
    weights: Mapping[str, Array] | None,
    latency_limit: float | None = None,
) -> Verification:
    """Prove ``path``: every output within the tolerance of the reference's, its weights bit by bit, and its latency.

    ``latency_limit`` is as for ``verify.verify``, where the reference has a dense file.

    Raises:
        CheckError: it does not run, an output is missing or differs, a weight does, or it is slower than the limit.
        InputError: the runtime is not installed, or the inputs do not fit the file.
    """
    produced, runtime, version = _run(path, reference.inputs, as_it_is=reference.as_it_is)
    checks: list[OutputCheck] = []
    for name, wanted in reference.expected.items():
        if name not in produced:
            raise CheckError(f"{path}: it has no output '{name}' (it has {', '.join(produced)})")
        flat = (np.asarray(each, np.float32).reshape(len(each), -1) for each in (produced[name], wanted))
        made, expected = flat
        checks.append(
            compare_outputs(
                path, made, expected, absolute_tolerance=relative_tolerance, relative_tolerance=relative_tolerance
            )
        )
    worst = max(checks, key=lambda check: check.largest_difference)
    return Verification(
        runtime=runtime,
        version=version,
        outputs=worst.model_copy(update={"argmax_agreement": min(check.argmax_agreement for check in checks)}),
        identical_weights=None if weights is None else bit_identical(path, weights),
        latency=None if reference.dense is None else compare_latency(path, reference.dense, limit=latency_limit),
    )
