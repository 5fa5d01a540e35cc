"""A model file's ledger, for people (a table) and for programs (a JSON document)."""

from typing import Any

from rich.table import Table

from edgecompress.encode.ledger import Ledger
from edgecompress.export.memory import Memory
from edgecompress.report.console import console


def document(ledger: Ledger, memory: Memory | None) -> dict[str, Any]:
    """The ledger as JSON-ready data, with the numbers that follow from its own and the memory, if it was measured."""
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
        "tensors": tensors,
    }


def ledger(ledger: Ledger, name: str, memory: Memory | None) -> None:
    """Print the ledger of the file ``name``: a row a tensor, what they add up to, and the memory, if measured."""
    table = Table(box=None, pad_edge=False)
    for column in ("tensor", "shape", "type", "zeros", "values", "encoding"):
        table.add_column(column, justify="right" if column in ("zeros", "values") else "left", overflow="fold")
    for column in ("bytes", "bits/weight", "bound", "x bound"):
        table.add_column(column, justify="right")
    for entry in ledger.tensors:
        table.add_row(
            entry.name,
            "x".join(map(str, entry.shape)) or "scalar",
            entry.dtype,
            f"{100 * entry.sparsity:.1f} %",
            str(entry.distinct),
            entry.encoding,
            f"{entry.bytes:,}",
            f"{entry.bits_per_weight:.2f}",
            f"{entry.entropy_bytes:,}",
            _ratio(entry.bound_ratio),
        )
    printer = console()
    printer.print(table)
    printer.print(
        f"{name}: {ledger.file_bytes:,} bytes, of these {ledger.graph_bytes:,} graph; weights as float32 "
        f"{ledger.dense_bytes:,} bytes, {ledger.compression_ratio:.1f}x this file; entropy bound "
        f"{ledger.entropy_bytes:,}, the file {_ratio(ledger.bound_ratio)} times that",
        soft_wrap=True,
    )
    for remark in ledger.remarks:
        printer.print(f"note: {remark}", soft_wrap=True)
    if memory and memory.after_load and memory.peak:
        batch = f" on {memory.samples} samples at once" if memory.samples > 1 else ""
        printer.print(
            f"memory of a process that runs it here{batch}, Python and runtime included: "
            f"{memory.after_load / 2**20:,.0f} MiB after load, {memory.peak / 2**20:,.0f} MiB at its peak",
            soft_wrap=True,
        )


def _ratio(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.3f}"
