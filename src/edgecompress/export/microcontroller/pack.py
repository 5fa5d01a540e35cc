"""Packing an int8 TFLite file for TensorFlow Lite Micro: coded weights, which its DECODE operator decodes."""

import tempfile
from pathlib import Path

from edgecompress.encode.partition import Mode
from edgecompress.equivalence.proof import Proof
from edgecompress.errors import CheckError, InputError
from edgecompress.export.microcontroller.operators import check_known, in_order
from edgecompress.export.microcontroller.prove import SECONDS, check_installed
from edgecompress.export.pack import PackResult
from edgecompress.formats import find
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.attempts import text
from edgecompress.formats.tflite.inspection import inspect_tflite
from edgecompress.formats.tflite.micro.rewrite import decoded_sizes, least_bytes, write_decoding
from edgecompress.isolated.process import run_step
from edgecompress.progress import Progress
from edgecompress.record import check_file
from edgecompress.target import TFLITE_MICRO

__all__ = ["decoded_sizes", "least_bytes", "pack_decoding", "write_decoding"]

_FORMAT = "tflite"
_RUNS = 3


def pack_decoding(source: Path, target: Path, *, encoding: Mode, largest: int | None, progress: Progress) -> PackResult:
    """Write the int8 file ``source`` as ``target`` with weights that TensorFlow Lite Micro decodes while it runs.

    Args:
        source: a TFLite file, from any tool.
        target: the file to write.
        encoding: as for ``write_decoding``.
        largest: bytes of a weight that may be decoded at once, as there. ``None``: all may be.
        progress: told of every step.

    Raises:
        InputError: ``source`` is no such file, the runtime lacks an operator of it, or ``target`` cannot be written.
        CheckError: the runtime refuses a file, or computes something else from ``target``; there is no file.
        MissingDependencyError: tflite-micro is not installed.
    """
    if find.of_file(source).name != _FORMAT or target.suffix != f".{_FORMAT}":
        raise InputError(f"{TFLITE_MICRO} runs .{_FORMAT} files: give one of these, and an output that ends so")
    check_installed()
    check_file(target)
    check_known(in_order(source), TFLITE_MICRO)
    progress(f"pack {source.name}", 0, 1, "encoding and proving")
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        made = Path(folder) / target.name
        ledger = write_decoding(source, made, encoding=encoding, largest=largest)
        # Without a coded weight it may be smaller too: equal data are there once, and what nothing reads is not.
        copied = made.read_bytes() == source.read_bytes()
        arenas = None if copied else _same(made, source)
        check_file(target)
        target.write_bytes(made.read_bytes())
    with model_file.parsed(source) as model, model_file.damage(source):
        outputs = tuple(_names(model, model.subgraphs[0].outputs))
    progress(
        f"pack {source.name}", 1, 1, f"{ledger.file_bytes:,} bytes, {'nothing gets smaller' if copied else 'proved'}"
    )
    return PackResult(
        source_bytes=source.stat().st_size,
        bytes=ledger.file_bytes,
        entropy_bytes=ledger.entropy_bytes,
        ledger=inspect_tflite(target),
        proof=None if copied else Proof(compared=outputs),
        copied=copied,
        arena_bytes=arenas[0] if arenas else None,
        source_arena_bytes=arenas[1] if arenas else None,
    )


def _same(made: Path, source: Path) -> tuple[int, int]:
    """Make sure that both files give the same outputs; their arenas."""
    with model_file.parsed(source) as model, model_file.damage(source):
        graph = model.subgraphs[0]
        job = {
            "file": str(made),
            "reference": str(source.resolve()),
            "inputs": len(graph.inputs),
            "outputs": len(graph.outputs),
            "runs": _RUNS,
        }
    done = run_step("tflite_micro_same", job, source, seconds=SECONDS)[-1]
    if not done["same"]:
        raise CheckError(
            f"{TFLITE_MICRO} {done['version']} computes something else from {source} with coded weights; please report "
            "this model"
        )
    return done["arena"], done["reference_arena"]


def _names(model: object, places: object) -> list[str]:
    tensors = model.subgraphs[0].tensors  # type: ignore[attr-defined]
    return [text(tensors[int(place)].name) or str(place) for place in places]  # type: ignore[attr-defined]
