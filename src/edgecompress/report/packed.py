"""A file that was packed, as a document."""

from pathlib import Path

from edgecompress.equivalence.proof import Proof
from edgecompress.export.pack import PackResult
from edgecompress.formats import find
from edgecompress.report import cells
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table

LAST_STEP = "packing is the last step: quantise, convert and simplify before it"
"""What other tools do with a packed file is in docs/runtimes.md."""

WAY_BACK = "'edgecompress unpack' writes the dense file again"
"""Of a format with decoders to take out; a TFLite file has none."""


def packed(made: PackResult, source: Path, target: Path) -> Document:
    """The file written: its size beside the source's and the entropy bound of the weights, and what was proved."""
    bound = made.bytes / made.entropy_bytes if made.entropy_bytes else None
    proof = made.proof.words if made.proof else None
    columns = (
        Column("file", words=True),
        Column("bytes"),
        Column("source", words=True),
        Column("source bytes"),
        Column("smaller", key="times_smaller"),
        Column("entropy bound", key="entropy_bytes"),
        Column("x bound", key="bound_ratio"),
        Column("copied", shown=False),
        Column("proof", shown=False),
        Column("container_bytes", shown=False),
    )
    line = (
        cells.words(str(target)),
        cells.count(made.bytes),
        cells.words(str(source)),
        cells.count(made.source_bytes),
        Cell(f"{made.source_bytes / made.bytes:.2f}x", made.source_bytes / made.bytes),
        cells.count(made.entropy_bytes or None),
        cells.number(bound, 3),
        cells.raw(made.copied),
        cells.raw(proof),
        cells.raw(made.container_bytes),
    )
    return of_figures(
        f"{source.name}, packed",
        [Figure("packed", "", "", table(columns, [line], "packed"))],
        first=(
            *([_proved(made.proof)] if made.proof else []),
            *([_copied(made, source)] if made.copied else []),
            *_arena(made),
        ),
        details=_advice(target) if proof else (),
        rows_of=("packed",),
        titled=False,
    )


def _proved(proof: Proof) -> str:
    if proof.reason:
        return proof.words
    outputs = len(proof.compared)
    return f"proved: weights identical, {outputs} output{'' if outputs == 1 else 's'} compared"


def _copied(made: PackResult, source: Path) -> str:
    reason = f" ({made.declined})" if made.declined else ""
    container = f"; as .ecz {made.container_bytes:,} bytes" if made.container_bytes is not None else ""
    return f"a copy of {source.name}: nothing gets smaller{reason}{container}"


def _arena(made: PackResult) -> list[str]:
    """The tensor arena of a file for TensorFlow Lite Micro."""
    if made.arena_bytes is None or made.source_arena_bytes is None:
        return []
    return [
        f"its tensor arena on this machine: {made.arena_bytes:,} bytes, and {made.source_arena_bytes:,} of the source"
    ]


def _advice(target: Path) -> tuple[str, ...]:
    return (LAST_STEP, WAY_BACK) if find.has_decoders(target) else (LAST_STEP,)
