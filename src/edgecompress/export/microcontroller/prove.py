"""The proof of an int8 file in TensorFlow Lite Micro: its interpreter on this machine, in a process of its own."""

import importlib.util
import platform
import tempfile
from pathlib import Path

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
            produced: Floats = archive["y"].astype(np.float32)
            expected: Floats = archive["reference"].astype(np.float32)
    steps = np.abs(produced[: len(expected)].astype(np.float64) - expected) / _step(path, expected)
    proof = MicrocontrollerProof(
        arena_bytes=done["arena"],
        persistent_bytes=done["persistent"],
        operators=sorted(set(in_order(path))),
        compared=len(expected),
        largest_steps=round(float(np.nan_to_num(steps, nan=np.inf).max()), 3),
        differing=float(np.mean(~(steps <= _HALF))),
        beyond_a_step=float(np.mean(~(steps <= 1 + _HALF))),  # written so that NaN is beyond
    )
    return produced, done["version"], proof


def _step(path: Path, expected: Floats) -> float:
    """The step of the output; of one that is made in float32, the 255th part of the largest."""
    return output_step(path) or float(np.abs(expected).max()) / 255 or 1.0
