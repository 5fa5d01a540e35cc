"""The outputs of a model file: each by its name, in its runtime, in a process of its own."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edgecompress.agent.inputs import channels_first
from edgecompress.isolated.process import run_step

Array = npt.NDArray[Any]
SECONDS = 1800


@dataclass(frozen=True)
class Outputs:
    """All outputs of a file by name, channels first, and the runtime that computed them."""

    arrays: dict[str, Array]
    runtime: str
    version: str


def run(
    path: Path, inputs: Mapping[str, Array], *, layout: Literal["channels_first", "channels_last"], batch: int
) -> Outputs:
    """Run a model file on ``inputs``, arrays (N, channels, ...) by name.

    Args:
        path: the file.
        inputs: of it.
        layout: of its inputs and outputs.
        batch: samples at once, where it leaves that free.

    Raises:
        CheckError: its runtime refused the file, or crashed on it.
        InputError: the runtime is not installed, or the inputs do not fit the file.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        given, written = Path(folder) / "x.npz", Path(folder) / "y.npz"
        np.savez(given, allow_pickle=False, **inputs)
        job = {
            "file": str(path.resolve()),
            "inputs": str(given),
            "output": str(written),
            "outputs": "all",
            "layout": layout,
            "batch": batch,
        }
        done = run_step("outputs", job, path, seconds=SECONDS)[-1]
        with np.load(written, allow_pickle=False) as archive:
            made = {name: channels_first(array, layout) for name, array in archive.items()}
    return Outputs(made, done["runtime"], done["version"])
