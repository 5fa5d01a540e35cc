#!/usr/bin/env python3
"""Check on a TFLite runtime that every form in which weights are stored is decoded to the same weights.

Usage: python tools/check_tflite.py FOLDER        (made by tools/make_tflite_models.py)

Needs Python 3.9, NumPy and ai-edge-litert or tflite-runtime, so that this file and the folder can be copied to any
machine. It prints a line of JSON for each model and exits with 1 if one fails. A file fails if an output differs by a
single bit from that of the plain file with the same weights, run here too; or if it is far from what it was where the
models were made, which computes in another order.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

INDEX = "index.json"
DECODED, COMPUTED_IN_INT8 = 1e-5, 5e-2
"""Relative to the largest output: of sums in another order, and of activations that are rounded differently then."""

_RUN = """
import sys
import numpy as np
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.load(sys.argv[2]))
interpreter.invoke()
np.save(sys.argv[3], interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
"""


def run(path: Path, x: Array) -> Array:
    """The output of a file for ``x``, in a process of its own: a file that is wrong can end it.

    Raises:
        RuntimeError: the runtime does not load it, or dies of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "x.npy", Path(folder) / "y.npy"
        np.save(given, x)
        command = [sys.executable, "-c", _RUN, str(path), str(given), str(taken)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or [''])[-1]}")
        output: Array = np.load(taken)
        return output


def check(folder: Path) -> bool:
    """Check every model of a folder, one line each; whether all passed."""
    about = {"runtime": _runtime(), "machine": platform.machine()}
    x = np.load(folder / "x.npy")
    passed = True
    for name, entry in json.loads((folder / INDEX).read_text(encoding="utf-8")).items():
        try:
            fault = _fault(folder, name, entry["plain"], x)
        except RuntimeError as error:
            fault = str(error)
        passed &= fault is None
        sys.stdout.write(json.dumps({"file": name, "passed": fault is None, "fault": fault, **about}) + "\n")
        sys.stdout.flush()
    return passed


def _fault(folder: Path, name: str, plain: str | None, x: Array) -> str | None:
    output, there = run(folder / f"{name}.tflite", x), np.load(folder / f"{name}.npy")
    if plain is not None and output.tobytes() != run(folder / f"{plain}.tflite", x).tobytes():
        return "the output is not that of the plain file"
    difference = float(np.abs(output - there).max() / np.abs(there).max())
    if not difference <= (COMPUTED_IN_INT8 if plain is None else DECODED):
        return f"the output differs by {difference:.1e}, relative, from where the file was made"
    return None


def _runtime() -> str:
    for name in ("ai-edge-litert", "tflite-runtime"):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    sys.exit("neither ai-edge-litert nor tflite-runtime is installed")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if check(Path(sys.argv[1])) else 1)
