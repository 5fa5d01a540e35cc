"""Running a quantiser as a program: it may print, log and leave files behind, and none of that reaches this process."""

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgecompress.errors import MissingDependencyError, NoInt8Error
from edgecompress.int8.calibration import Floats
from edgecompress.isolated.process import run_program

TFLITE_QUANTIZERS = {"litert-quantizer": "litert_quantizer", "ai-edge-quantizer": "ai_edge_quantizer"}
"""Google's quantiser for TFLite under its name and the one that it had before, each with its package."""
SECONDS = 3600
INPUTS = "inputs.npy"


def check_installed() -> None:
    """Make sure that both quantisers are there, before hours of training and not after.

    Raises:
        MissingDependencyError: one is not; the line says what to install.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise _missing("onnxruntime")
    tflite_quantizer()


def tflite_quantizer() -> str:
    """The name of the quantiser for TFLite that is installed, a key of ``TFLITE_QUANTIZERS``; the newer of two.

    Raises:
        MissingDependencyError: there is none; the line says what to install.
    """
    for name, package in TFLITE_QUANTIZERS.items():
        if importlib.util.find_spec(package) is not None:
            return name
    raise _missing(next(iter(TFLITE_QUANTIZERS)))


def _missing(name: str) -> MissingDependencyError:
    return MissingDependencyError(f"int8 files need {name}; install it with: pip install 'edgecompress[int8]'")


@contextmanager
def workshop(inputs: Floats) -> Iterator[Path]:
    """A folder for one run, with the calibration inputs in it as ``INPUTS``; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        np.save(Path(folder) / INPUTS, inputs)
        yield Path(folder)


def run(module: str, name: str, arguments: list[str]) -> None:
    """Run the quantiser ``name``, the program ``python -m module arguments``.

    Raises:
        InputError: it refuses the network, or dies of it; the line has its reason.
    """
    code, reason = run_program(module, arguments, seconds=SECONDS)
    if code:
        raise NoInt8Error(f"{name} cannot quantise this network ({reason})")
