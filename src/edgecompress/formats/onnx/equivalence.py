"""The proof that a rewritten ONNX file computes what its source does, in processes of their own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgecompress.equivalence import prove as equivalence
from edgecompress.equivalence.attempts import Attempt
from edgecompress.equivalence.proof import Proof
from edgecompress.equivalence.random_inputs import AGAIN, Array
from edgecompress.formats.onnx import random_outputs

_TOLERANCE = 1e-4
FOLDED = 2**28
"""Bytes of decoded weights up to which a packed file is run as a runtime runs it by default. onnxruntime keeps what
every step of decoding made until it has folded the last one: 5 to 7 times the weights."""


def prove(
    source: Path,
    packed: Path,
    target: Path | None,
    *,
    tries: Sequence[Attempt],
    weights: int = 0,
    hint: str = "",
) -> Proof:
    """Compare the outputs of ``packed``, which is to be the file ``target``, with those of ``source``.

    ``target`` ``None``: ``packed`` was given, and was not made of ``source`` here.

    The weights are the same bit by bit, which is shown elsewhere; the tolerance, relative to the largest output, leaves
    room for kernels that a runtime chooses otherwise. With more than ``FOLDED`` bytes of ``weights``, once they are
    decoded, the packed file's are decoded by the same kernels as it runs, in a fifth of the memory. ``tries`` and
    ``hint`` as for ``equivalence.prove.prove``.

    Raises:
        CheckError: the packed file does not load or run where the source does, or an output differs.
    """
    unfolded = [random_outputs.UNFOLDED] if weights > FOLDED else []
    return equivalence.prove(
        equivalence.Files(source, target or packed, "onnxruntime", packed=target is not None),
        lambda tries: _run(source, tries, AGAIN),
        lambda tries: _run(packed, tries, *unfolded),
        _same,
        tries=tries,
        hint=hint,
    )


def _run(file: Path, tries: Sequence[Attempt], *how: str) -> equivalence.ProofRun:
    return equivalence.run(random_outputs.__name__, file, tries, *how)


def _same(expected: Array, produced: Array) -> bool:
    if expected.shape != produced.shape or expected.dtype != produced.dtype:
        return False
    if expected.dtype.kind != "f":
        return bool(np.array_equal(expected, produced))
    scale = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
    return bool(np.allclose(produced, expected, rtol=0, atol=_TOLERANCE * scale, equal_nan=True))
