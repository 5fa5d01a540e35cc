"""What a model file computes from given inputs: each by its name, in its runtime, by the agent that measures it too."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.isolated.process import run_step

Array = npt.NDArray[Any]
SECONDS = 1800
TURNED = ".tflite"
"""Files that have their channels last."""
BATCH = 32
"""Samples at once, where a file that has its channels first leaves that free."""


def outputs(path: Path, inputs: Mapping[str, Array], *, as_it_is: bool = False) -> dict[str, Array]:
    """What the runtime of ``path`` makes of ``inputs``.

    ``as_it_is``: a TFLite file has its axes in this order too, as files of other tools may.

    Raises:
        CheckError: it refused the file, or crashed on it.
        InputError: the runtime is not installed, or the inputs do not fit the file.
    """
    return run(path, inputs, as_it_is=as_it_is)[0]


def run(path: Path, inputs: Mapping[str, Array], *, as_it_is: bool = False) -> tuple[dict[str, Array], str, str]:
    """As ``outputs``, with the runtime's name and version.

    Raises:
        CheckError, InputError: as ``outputs``.
    """
    turned = path.suffix == TURNED and not as_it_is
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        given, written = Path(folder) / "x.npz", Path(folder) / "y.npz"
        np.savez(given, allow_pickle=False, **inputs)
        job = {
            "file": str(path.resolve()),
            "inputs": str(given),
            "output": str(written),
            "outputs": "all",
            "layout": "channels_last" if turned else "channels_first",
            "batch": 1 if path.suffix == TURNED else BATCH,
        }
        done = run_step("outputs", job, path, seconds=SECONDS)[-1]
        with np.load(written, allow_pickle=False) as archive:
            made = {name: np.moveaxis(y, -1, 1) if turned and y.ndim > 2 else y for name, y in archive.items()}
    return made, done["runtime"], done["version"]
