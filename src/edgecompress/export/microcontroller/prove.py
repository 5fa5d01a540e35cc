"""The proof of an int8 file in TensorFlow Lite Micro: its interpreter on this machine, in a process of its own."""

import importlib.util
import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.errors import CheckError, MissingDependencyError
from edgecompress.export.microcontroller.operators import in_order, output_step
from edgecompress.export.microcontroller.records import MicrocontrollerProof
from edgecompress.export.verify import Floats
from edgecompress.formats.contract import Layout
from edgecompress.isolated.process import run_step

SECONDS = 6 * 3600
# Fraction of outputs that may be more than a step away from LiteRT's. Both round alike but in FULLY_CONNECTED with a
# scale a channel, where one in some hundred values is a step off; layers after it can add to that.
MOST_BEYOND = 0.01
_HAS_WHEELS = ("x86_64", "AMD64")
_HALF = 0.5  # steps; less is float32's own rounding


def check_installed() -> None:
    """Make sure that TensorFlow Lite Micro is there, before hours of training and not after.

    Raises:
        MissingDependencyError: it is not; the line says what to install.
    """
    if importlib.util.find_spec("tflite_micro") is not None:
        return
    how = "install it with: pip install 'edgecompress[tflite-micro]'"
    if platform.machine() not in _HAS_WHEELS:
        how = f"it has no wheels for {platform.machine()}: build on Linux on x86-64"
    raise MissingDependencyError(f"files for microcontrollers are proved in tflite-micro; {how}")


def prove(path: Path, inputs: Path, *, layout: Layout, compare: int) -> tuple[Floats, str, MicrocontrollerProof]:
    """Make sure that TensorFlow Lite Micro computes what LiteRT does. Arguments and results are those of ``run``.

    Raises:
        CheckError: the runtime refuses the file, crashes on it, or computes something else than LiteRT.
        InputError: the runtime is not installed.
    """
    produced, version, proof = run(path, inputs, layout=layout, compare=compare)
    if proof.beyond_a_step > MOST_BEYOND:
        raise CheckError(
            f"{path}: {100 * proof.beyond_a_step:.1f} % of its outputs in tflite-micro {version} differ from LiteRT's "
            f"by more than a step of int8; allowed are {100 * MOST_BEYOND:g} %"
        )
    return produced, version, proof


def run(
    path: Path, inputs: Path, *, layout: Layout, compare: int, reference: Path | None = None
) -> tuple[Floats, str, MicrocontrollerProof]:
    """Run a file in TensorFlow Lite Micro on all of ``inputs``, an npz file with ``x`` (N, channels, ...).

    Args:
        path: a TFLite file of one input and one output.
        inputs: at least one row.
        layout: of the file's input.
        compare: rows that LiteRT's reference kernels run too.
        reference: the file that those run. ``None``: ``path``.

    Returns:
        The outputs (N, ...), the runtime's version, and what was found.

    Raises:
        CheckError: the runtime refuses the file, or crashes on it.
        InputError: the runtime is not installed.
    """
    produced, expected, done = both(path, inputs, layout=layout, compare=compare, reference=reference)
    largest, differing, beyond = in_steps(path, produced[: len(expected)], expected)
    proof = MicrocontrollerProof(
        arena_bytes=done["arena"],
        persistent_bytes=done["persistent"],
        operators=sorted(set(in_order(path))),
        compared=len(expected),
        largest_steps=largest,
        differing=differing,
        beyond_a_step=beyond,
    )
    return produced, done["version"], proof


def both(
    path: Path, inputs: Path, *, layout: Layout, compare: int, reference: Path | None = None
) -> tuple[Floats, Floats, dict[str, Any]]:
    """The outputs of TensorFlow Lite Micro, those of LiteRT's reference kernels, and the step's event; see ``run``."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        written = Path(folder) / "y.npz"
        job = {
            "file": str(path.resolve()),
            "inputs": str(inputs.resolve()),
            "output": str(written),
            "layout": layout,
            "compare": compare,
            "reference": None if reference is None else str(reference.resolve()),
        }
        done = run_step("tflite_micro", job, path, seconds=SECONDS)[-1]
        with np.load(written, allow_pickle=False) as archive:
            return archive["y"].astype(np.float32), archive["reference"].astype(np.float32), done


def in_steps(path: Path, produced: Floats, expected: Floats) -> tuple[float, float, float]:
    """The largest difference of outputs, in steps of the int8, and the fractions that differ, and by over a step."""
    steps = np.abs(produced.astype(np.float64) - expected) / _step(path, expected)
    # Written so that NaN is beyond.
    differing, beyond = float(np.mean(~(steps <= _HALF))), float(np.mean(~(steps <= 1 + _HALF)))
    return round(float(np.nan_to_num(steps, nan=np.inf).max()), 3), differing, beyond


def _step(path: Path, expected: Floats) -> float:
    """The step of the output; of one that is made in float32, the 255th part of the largest."""
    return output_step(path) or float(np.abs(expected).max()) / 255 or 1.0
