"""The evaluation of a metric of the user's own on model files: what a bundle must say and hold for it."""

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import JsonValue

from edgecompress import bundle
from edgecompress.agent.metric_source import arranged
from edgecompress.errors import EdgecompressError, InputError
from edgecompress.isolated.process import run_step
from edgecompress.manifest import Evaluation
from edgecompress.sources.callables import source_of
from edgecompress.sources.judging import value_of
from edgecompress.sources.numpy_alone import why_not
from edgecompress.workflows.prepared import Prepared
from edgecompress.workflows.request import Request

ROWS = 64
"""Most evaluation samples on which a function must give the same number of arrays as of tensors."""
SAME = 1e-4
"""The relative difference of two numbers that are the same but for the order of sums in float32."""
SECONDS = 1800


def targets_name(given: Prepared) -> str:
    """The name of the targets in ``eval.npz``, which no input has."""
    inputs = {end.name for end in given.model.signature.inputs}
    return next(name for name in ("y", "targets", "_targets") if name not in inputs)


def evaluation(request: Request, given: Prepared, folder: Path, file: str) -> Evaluation | None:
    """The way in which ``bench`` takes the metric of files; ``None``: there is no metric, or it cannot.

    It cannot where samples have no batch axis in the file, where the network puts out a type of its own, or where no
    file of Python says what the function does. Where that is of NumPy alone, a copy is put into the bundle.

    Args:
        request: names the function.
        given: the network.
        folder: the bundle's, with its evaluation data.
        file: an ONNX file in it, which the function is tried on.
    """
    spec, objective = request.metric or request.loss, given.objective
    if spec is None or objective is None or objective.layout is None or given.model.signature.whole:
        return None
    source = source_of(spec)
    if source is None:
        return None
    found = Evaluation(
        spec=spec,
        source_sha256=bundle.digest(source),
        targets=targets_name(given),
        layout=objective.layout,
    )
    reason = why_not(source) or _differs(found, source, given, folder, file)
    if reason:
        return found.model_copy(update={"host_only": reason})
    shutil.copyfile(source, folder / bundle.METRIC)
    return found.model_copy(update={"source": bundle.METRIC})


def _differs(found: Evaluation, source: Path, given: Prepared, folder: Path, file: str) -> str:
    """The reason why a board would not say what the build says, in words; empty: it would.

    The agent judges a file as it would on a board, in a process of its own, without torch; the function itself, in this
    one, what that file put out.
    """
    assert given.objective is not None
    function = given.objective.functions.get("metric") or given.objective.functions["loss"]
    outputs = [end.name for end in given.model.signature.outputs]
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as place:
        written = Path(place) / "outputs.npz"
        job: dict[str, Any] = {
            "file": str((folder / file).resolve()),
            "inputs": str((folder / bundle.EVAL).resolve()),
            "source": str(source.resolve()),
            "function": found.spec.rpartition(":")[2],
            "targets": found.targets,
            "arrangement": arranged(found.layout, outputs),
            "output": str(written),
            "limit": ROWS,
            "compared": ROWS,
        }
        try:
            there = run_step("metric", job, folder / file, seconds=SECONDS)[-1]["value"]
        except EdgecompressError as error:
            return f"given NumPy arrays, {error}"
        try:
            here = _of_tensors(function, found, outputs, written, folder)
        except InputError as error:
            return f"given few samples, {error}"
    if not math.isclose(there, here, rel_tol=SAME):
        return f"it says {there:.5g} of NumPy arrays, and {here:.5g} of the same numbers as tensors"
    return ""


def _of_tensors(function: Any, found: Evaluation, outputs: list[str], written: Path, folder: Path) -> float:
    with np.load(written, allow_pickle=False) as archive:
        arrays = [archive[name] for name in outputs]
    with np.load(folder / bundle.EVAL, allow_pickle=False) as archive:
        targets = archive[found.targets][:ROWS]
    layout: JsonValue = found.layout
    return value_of(function, layout, arrays, targets)
