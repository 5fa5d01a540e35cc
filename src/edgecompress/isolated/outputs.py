"""What a model file computes from given inputs: each by its name, in its runtime, in a process of its own."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgecompress.errors import CheckError
from edgecompress.isolated import named_outputs
from edgecompress.isolated.process import run_program

Array = npt.NDArray[Any]
SECONDS = 1800


def outputs(path: Path, inputs: Mapping[str, Array], *, as_it_is: bool = False) -> dict[str, Array]:
    """What the runtime of ``path`` makes of ``inputs``.

    ``as_it_is``: a TFLite file has its axes in this order too, as files of other tools may.

    Raises:
        CheckError: it refused the file, or crashed on it.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        given, written = Path(folder) / "x.npz", Path(folder) / "y.npz"
        np.savez(given, allow_pickle=False, **inputs)
        job = [str(path.resolve()), str(given), str(written), *([named_outputs.AS_IT_IS] if as_it_is else [])]
        code, reason = run_program(named_outputs.__name__, job, seconds=SECONDS)
        if code:
            raise CheckError(f"{path}: its runtime does not run it: {reason}")
        with np.load(written, allow_pickle=False) as archive:
            return dict(archive)
