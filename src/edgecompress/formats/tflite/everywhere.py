"""A compressed TFLite file that is right on processors without AVX too, where LiteRT has kernels that skip zeros."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from edgecompress.encode.ledger import Ledger
from edgecompress.formats.contract import FinishedFile
from edgecompress.formats.tflite.sparse_inference import emulated
from edgecompress.formats.tflite.sparse_inference.verdict import SparseInference, remark
from edgecompress.recipe import Export


def finish(write: Callable[..., Ledger], path: Path, settings: Export) -> FinishedFile:
    """Write a compressed file with ``write`` and see that it is right on processors without AVX.

    One that sparse inference should take and that is wrong with it is written again so that it stays off. Paddings and
    shifts for sparse inference pay where zeros are skipped; a file with them has a twin without, for this processor,
    where this one does not skip them.

    Raises:
        CheckError: the file is wrong there all the same.
    """
    ledger, verdict = _right(write, path, settings)
    is_for_others = verdict.state == "on" and not emulated.sparse_inference_runs_here()
    return FinishedFile(
        ledger, verdict, partial(write, sparse_inference=False, shifts=False) if is_for_others else None
    )


def prove(path: Path) -> SparseInference:
    """Prove what sparse inference makes of a written file.

    Raises:
        CheckError: something wrong.
    """
    return emulated.prove(path)


def _right(write: Callable[..., Ledger], path: Path, settings: Export) -> tuple[Ledger, SparseInference]:
    ledger = write(path, sparse_inference=settings.sparse_inference)
    try:
        verdict = emulated.prove(path)
    except emulated.SparseInferenceError:
        if not settings.sparse_inference:
            raise
        return write(path, sparse_inference=False), emulated.prove(path)
    if verdict.state == "on":
        ledger = ledger.model_copy(update={"remarks": (remark(verdict), *ledger.remarks[1:])})
    return ledger, verdict
