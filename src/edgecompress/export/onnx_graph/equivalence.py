"""The proof that a rewritten ONNX file computes what its source does, in processes of their own."""

import tempfile
from pathlib import Path

import numpy as np

from edgecompress.errors import CheckError
from edgecompress.export.isolated import run_program
from edgecompress.export.onnx_graph import random_outputs
from edgecompress.export.onnx_graph.random_outputs import Array

_SECONDS = 1800
_TOLERANCE = 1e-4
FOLDED = 2**28
"""Bytes of decoded weights up to which a packed file is run as a runtime runs it by default. onnxruntime keeps what
every step of decoding made until it has folded the last one: 5 to 7 times the weights."""


def prove(source: Path, packed: Path, target: Path, *, weights: int = 0) -> None:
    """Compare the outputs of ``packed``, which is to be the file ``target``, with those of ``source``.

    Both are run on the same random inputs. A model that does not run on such inputs need only load. The weights are
    the same bit by bit, which is proved elsewhere; the tolerance, relative to the largest output, leaves room for
    kernels that a runtime chooses otherwise. With more than ``FOLDED`` bytes of ``weights``, once they are decoded,
    the packed file's are decoded by the same kernels as it runs, in a fifth of the memory.

    Raises:
        CheckError: the packed file does not load or run where the source does, or an output differs.
    """
    expected, _, loads = _outputs(source)
    produced, problem, loaded = _outputs(packed, *([random_outputs.UNFOLDED] if weights > FOLDED else []))
    if loads and not loaded:
        raise CheckError(f"{target}: packed, the model does not load in onnxruntime ({problem}); keep {source}")
    if expected is None:
        return
    if produced is None:
        raise CheckError(f"{target}: packed, the model does not run in onnxruntime ({problem}); keep {source}")
    for name, array in expected.items():
        if not _same(array, produced[name]):
            raise CheckError(
                f"{target}: packed, the model's output '{name}' differs from that of {source}; keep the source, and "
                "please report this model"
            )


def _same(expected: Array, produced: Array) -> bool:
    if expected.shape != produced.shape or expected.dtype != produced.dtype:
        return False
    if expected.dtype.kind != "f":
        return bool(np.array_equal(expected, produced))
    scale = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
    return bool(np.allclose(produced, expected, rtol=0, atol=_TOLERANCE * scale, equal_nan=True))


def _outputs(file: Path, *how: str) -> tuple[dict[str, Array] | None, str, bool]:
    """What a file computes, or why there is nothing; and whether it loads."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        written = Path(folder) / "outputs.npz"
        job = [str(file.resolve()), str(written), *how]
        code, reason = run_program(random_outputs.__name__, job, seconds=_SECONDS)
        if code:
            return None, reason, code == random_outputs.DOES_NOT_RUN
        with np.load(written, allow_pickle=False) as archive:
            return dict(archive), "", True
