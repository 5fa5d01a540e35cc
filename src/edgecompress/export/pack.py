"""Packing any model file: smaller in its own format, or into a container for storage and transfer."""

from pathlib import Path

from pydantic import Field

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.errors import InputError
from edgecompress.export.container.pack import pack_container
from edgecompress.export.inspect import inspect, suffix
from edgecompress.export.onnx_graph.pack import pack_onnx
from edgecompress.export.tflite.pack import pack_tflite
from edgecompress.progress import Progress
from edgecompress.record import Record

CONTAINER = ".ecz"
PACKERS = {".onnx": pack_onnx, ".tflite": pack_tflite}


class Packed(Record):
    """A file that was packed. For a container, the weights' entropy bound is that of the file inside."""

    source_bytes: int = Field(description="of the file given, external data included")
    bytes: int = Field(description="of the file written")
    entropy_bytes: int = Field(description="entropy bound of the weights")
    ledger: Ledger | None = Field(default=None, description="of the model written; null for a container")


def pack(source: Path, target: Path, *, encoding: Mode, progress: Progress) -> Packed:
    """Write the model file ``source`` as ``target``: a container if that is its suffix, else the same format, smaller.

    Raises:
        InputError: the source cannot be read or is no model, or the target's suffix is of another format.
        CheckError: what was written could not be proved to be the source's equal.
    """
    kind = suffix(source)
    if target.suffix == CONTAINER:
        before = inspect(source)
        made = pack_container(source, target, progress=progress)
        return Packed(source_bytes=made.source_bytes, bytes=made.container_bytes, entropy_bytes=before.entropy_bytes)
    if target.suffix != kind:
        raise InputError(
            f"{source} is {kind[1:]}: give an output that ends in {kind}, or {CONTAINER} for a container, not {target}"
        )
    size = inspect(source).file_bytes
    progress(f"pack {source.name}", 0, 1, "encoding and proving")
    ledger = PACKERS[kind](source, target, encoding=encoding)
    progress(f"pack {source.name}", 1, 1, f"{ledger.file_bytes:,} bytes, proved")
    return Packed(source_bytes=size, bytes=ledger.file_bytes, entropy_bytes=ledger.entropy_bytes, ledger=ledger)
