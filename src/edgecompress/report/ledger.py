"""A model file's ledger, for people (a document of one table) and for programs (JSON)."""

from typing import Any

from edgecompress.encode.ledger import Ledger
from edgecompress.export.memory import Memory
from edgecompress.export.microcontroller.records import VelaEstimate
from edgecompress.report import cells, microcontroller
from edgecompress.report.document import Cell, Column, Document, Figure, of_figures, table


def document(ledger: Ledger, memory: Memory | None, estimate: VelaEstimate | None = None) -> dict[str, Any]:
    """The ledger as JSON-ready data, with what follows from its numbers, memory if measured, and Vela's estimate."""
    tensors = [
        {
            **entry.model_dump(mode="json"),
            "sparsity": entry.sparsity,
            "bits_per_weight": entry.bits_per_weight,
            "bound_ratio": entry.bound_ratio,
        }
        for entry in ledger.tensors
    ]
    return {
        "file_bytes": ledger.file_bytes,
        "dense_bytes": ledger.dense_bytes,
        "graph_bytes": ledger.graph_bytes,
        "entropy_bytes": ledger.entropy_bytes,
        "compression_ratio": ledger.compression_ratio,
        "bound_ratio": ledger.bound_ratio,
        "remarks": list(ledger.remarks),
        "memory": memory.model_dump(mode="json") if memory else None,
        "vela": estimate.model_dump(mode="json") if estimate else None,
        "tensors": tensors,
    }


def ledger(ledger: Ledger, name: str, memory: Memory | None, estimate: VelaEstimate | None = None) -> Document:
    """The ledger of the file ``name``: a row a tensor, their sums, the memory if measured, and Vela's estimate."""
    columns = (
        *(Column(each, words=True) for each in ("tensor", "shape", "type")),
        Column("zeros", "%", key="zeros_percent"),
        Column("values"),
        Column("encoding", words=True),
        Column("bytes"),
        Column("bits/weight", key="bits_per_weight"),
        Column("bound", key="entropy_bytes"),
        Column("x bound", key="bound_ratio"),
    )
    lines = [
        (
            cells.words(entry.name),
            cells.words("x".join(map(str, entry.shape)) or "scalar"),
            cells.words(entry.dtype),
            cells.part(entry.sparsity),
            Cell(str(entry.distinct), entry.distinct),
            cells.words(entry.encoding),
            cells.count(entry.bytes),
            cells.number(entry.bits_per_weight),
            cells.count(entry.entropy_bytes),
            cells.number(entry.bound_ratio, 3),
        )
        for entry in ledger.tensors
    ]
    total = (
        f"{name}: {ledger.file_bytes:,} bytes, of these {ledger.graph_bytes:,} graph; weights as float32 "
        f"{ledger.dense_bytes:,} bytes, {ledger.compression_ratio:.1f}x this file; entropy bound "
        f"{ledger.entropy_bytes:,}, the file {cells.number(ledger.bound_ratio, 3).text} times that"
    )
    return of_figures(
        name,
        [Figure("tensors", "", "", table(columns, lines))],
        first=(total,),
        warnings=tuple(ledger.remarks),
        details=(*_memory(memory), *([microcontroller.estimate(estimate)] if estimate else [])),
        rows_of=("tensors",),
        titled=False,
    )


def _memory(memory: Memory | None) -> tuple[str, ...]:
    if not (memory and memory.after_load and memory.peak):
        return ()
    batch = f" on {memory.samples} samples at once" if memory.samples > 1 else ""
    return (
        f"memory of a process that runs it here{batch}, Python and runtime included: "
        f"{memory.after_load / 2**20:,.0f} MiB after load, {memory.peak / 2**20:,.0f} MiB at its peak",
    )
