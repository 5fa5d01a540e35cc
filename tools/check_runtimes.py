#!/usr/bin/env python3
"""Check on an onnxruntime release that compressed ONNX files compute what dense ones do, and decode at load.

Usage: python tools/check_runtimes.py FOLDER        (made by tools/make_runtime_models.py)

Needs Python 3.9, NumPy and onnxruntime, so that this file and the folder can be copied to any machine. It prints a line
of JSON for each model and exits with 1 if one fails. A compressed file fails if an output differs from the dense file's
by a single bit, or if other nodes run than for the dense file: what is not folded is decoded again at every inference.
Without any optimisation the outputs need only be the same up to rounding. A dense file fails if it computes something
else than where it was made.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Arrays = dict[str, npt.NDArray[Any]]

INDEX = "index.json"
FOLDING = ("ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL")
NOT_FOLDING = "ORT_DISABLE_ALL"
TOLERANCE = 1e-5
"""Of outputs that are summed in another order, relative to the largest: on another machine, or where weights that are
not folded are not packed for the processor either."""


class Run(NamedTuple):
    """One inference: the outputs by name, and how many nodes of each operator ran."""

    outputs: Arrays
    operators: Counter[str]


def run(path: Path, level: str, inputs: Arrays) -> Run:
    """Load ``path`` at an optimisation level and run it once, with one thread and under the runtime's profiler."""
    import onnxruntime  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.log_severity_level = 3  # errors
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        outputs = dict(zip(names, session.run(names, inputs)))  # noqa: B905 (strict needs Python 3.10)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    ran = [event for event in events if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")]
    return Run(outputs, Counter(event["args"]["op_name"] for event in ran))


def check(folder: Path) -> bool:
    """Check every model of a folder, one line each; whether all passed."""
    import onnxruntime  # type: ignore[import-untyped]

    about = {"onnxruntime": onnxruntime.__version__, "machine": platform.machine()}
    passed = True
    for dense, files in json.loads((folder / INDEX).read_text(encoding="utf-8")).items():
        with np.load(folder / f"{dense}.npz") as stored:
            inputs = {key[2:]: stored[key] for key in stored.files if key.startswith("x:")}
            outputs = {key[2:]: stored[key] for key in stored.files if key.startswith("y:")}
        levels = (*FOLDING, NOT_FOLDING)
        reference = {level: run(folder / f"{dense}.onnx", level, inputs) for level in levels}
        found = {dense: list(_far(NOT_FOLDING, reference[NOT_FOLDING].outputs, outputs))}
        for name in files:
            found[name] = [
                fault for level in levels for fault in _faults(folder / f"{name}.onnx", level, inputs, reference[level])
            ]
        for name, faults in found.items():
            passed &= not faults
            sys.stdout.write(json.dumps({"file": name, "passed": not faults, "faults": faults, **about}) + "\n")
        sys.stdout.flush()
    return passed


def _far(level: str, outputs: Arrays, expected: Arrays) -> Iterator[str]:
    """Where outputs are not what they should be but for rounding."""
    for name, array in expected.items():
        difference = float(np.abs(outputs[name] - array).max() / np.abs(array).max())
        if not difference <= TOLERANCE:
            yield f"{level}: output {name} differs by {difference:.1e}, relative"


def _faults(path: Path, level: str, inputs: Arrays, dense: Run) -> Iterator[str]:
    """Where a compressed file computes something else than the dense one, or decodes while it computes."""
    try:
        outputs, operators = run(path, level, inputs)
    except Exception as error:  # the runtime's own kinds differ from release to release
        yield f"{level}: {str(error).strip().splitlines()[0]}"
        return
    if level == NOT_FOLDING:
        yield from _far(level, outputs, dense.outputs)
        return
    if operators != dense.operators:
        more, fewer = dict(operators - dense.operators), dict(dense.operators - operators)
        yield f"{level}: not folded: runs {more} more and {fewer} fewer than the dense file"
    for name, array in dense.outputs.items():
        if outputs[name].tobytes() != array.tobytes():
            yield f"{level}: output {name} differs from the dense file's by up to {np.abs(outputs[name] - array).max()}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if check(Path(sys.argv[1])) else 1)
