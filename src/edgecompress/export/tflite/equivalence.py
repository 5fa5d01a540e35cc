"""The proof that a rewritten .tflite file computes what its source does: bit by bit, in processes of their own."""

import tempfile
from pathlib import Path

import numpy as np

from edgecompress.errors import CheckError, InputError
from edgecompress.export.isolated import run_program
from edgecompress.export.tflite import random_outputs
from edgecompress.export.tflite.random_outputs import Array

_MODES = {"with XNNPACK": [], "without XNNPACK": ["--no-delegate"]}
_SECONDS = 1800


def prove(source: Path, packed: bytes, target: Path) -> None:
    """Compare the outputs of ``packed``, which is to be the file ``target``, with those of ``source``.

    Both are run on the same random inputs in LiteRT, with its default delegate and without.

    Raises:
        InputError: the source does not run here, so nothing can be proved.
        CheckError: the packed file does not run, or an output differs in a bit.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        file = Path(folder) / "packed.tflite"
        file.write_bytes(packed)
        for mode, options in _MODES.items():
            expected, said = _outputs(source, Path(folder), options)
            if expected is None:
                raise InputError(
                    f"{source} does not run in LiteRT {mode} ({said}); a packed file could not be proved, "
                    "so none is written"
                )
            produced, said = _outputs(file, Path(folder), options)
            if produced is None:
                raise CheckError(f"{target}: packed, the model does not run in LiteRT {mode} ({said}); keep {source}")
            for name, array in expected.items():
                if name not in produced or produced[name].tobytes() != array.tobytes():
                    raise CheckError(
                        f"{target}: packed, the model's output '{name}' differs from that of {source} {mode}; "
                        "keep the source, and please report this model"
                    )


def _outputs(file: Path, folder: Path, options: list[str]) -> tuple[dict[str, Array] | None, str]:
    """What a file computes; None, and why, where it does not run."""
    written = folder / "outputs.npz"
    code, reason = run_program(random_outputs.__name__, [str(file.resolve()), str(written), *options], seconds=_SECONDS)
    if code:
        return None, reason
    with np.load(written, allow_pickle=False) as archive:
        return dict(archive), ""
