"""Packing any model file: smaller in its own format, or into a container for storage and transfer."""

import tempfile
from pathlib import Path

from pydantic import Field

from edgecompress.encode.ledger import Ledger
from edgecompress.encode.partition import Mode
from edgecompress.equivalence.proof import Proof, Shapes
from edgecompress.errors import InputError
from edgecompress.formats import find
from edgecompress.formats.contract import Container
from edgecompress.formats.ecz.format import FORMAT as ECZ
from edgecompress.progress import Progress, silent
from edgecompress.record import Record, check_file

CONTAINER = ECZ.suffix


class PackResult(Record):
    """A file that was packed. For a container, the weights' entropy bound is that of the file inside."""

    source_bytes: int = Field(description="of the file given, external data included")
    bytes: int = Field(description="of the file written")
    entropy_bytes: int = Field(description="entropy bound of the weights")
    ledger: Ledger | None = Field(default=None, description="of the model written; null for a container")
    proof: Proof | None = Field(
        default=None, description="that the file written is the source's equal; null for a container and for a copy"
    )
    copied: bool = Field(default=False, description="nothing gets smaller, or too little, and the file is the source")
    declined: str = Field(default="", description="of a copy, why what could be smaller is not")
    container_bytes: int | None = Field(default=None, description="of a copy, what it takes as a container")
    arena_bytes: int | None = Field(
        default=None, description="tensor arena that a file for TensorFlow Lite Micro needs here; null: for others"
    )
    source_arena_bytes: int | None = Field(default=None, description="the same of the file given")


def boxed(path: Path, progress: Progress = silent) -> Path:
    """Pack a model file for storage and transfer, into a container beside it, whose path is returned."""
    target = path.with_name(f"{path.name}{CONTAINER}")
    ECZ.pack(path, target, progress=progress)
    return target


def pack(
    source: Path,
    target: Path,
    *,
    encoding: Mode,
    progress: Progress,
    shapes: Shapes | None = None,
    any_gain: bool = False,
) -> PackResult:
    """Write the model file ``source`` as ``target``: a container if that is its suffix, else the same format, smaller.

    ``shapes``: of inputs whose sizes the file leaves free, to run it on. ``any_gain``: take what is a byte smaller,
    whatever it costs at load.

    Raises:
        InputError: the source cannot be read or is no model, the target's suffix is of another format or it cannot be
            written, or ``shapes``
            do not fit.
        CheckError: what was written is not the source's equal.
    """
    kind = find.of_file(source)
    check_file(target)
    container = next((each for each in find.containers() if each.suffix == target.suffix), None)
    if container is not None:
        return _boxed(source, target, container, progress, shapes)
    if target.suffix != kind.suffix:
        raise InputError(
            f"{source} is {kind.name}: give an output that ends in {kind.suffix}, or {CONTAINER} for a container, not "
            f"{target}"
        )
    size = kind.inspect(source).file_bytes
    progress(f"pack {source.name}", 0, 1, "encoding and proving")
    written = kind.pack(source, target, encoding=encoding, shapes=shapes, any_gain=any_gain)
    ledger, proof = written.ledger, written.proof
    outcome = proof.words if proof else "nothing gets smaller" if not written.declined else "copied"
    progress(f"pack {source.name}", 1, 1, f"{ledger.file_bytes:,} bytes, {outcome}")
    return PackResult(
        source_bytes=size,
        bytes=ledger.file_bytes,
        entropy_bytes=ledger.entropy_bytes,
        ledger=ledger,
        proof=proof,
        copied=proof is None,
        declined=written.declined,
        container_bytes=_container_bytes(target) if proof is None else None,
    )


def _boxed(source: Path, target: Path, container: Container, progress: Progress, shapes: Shapes | None) -> PackResult:
    if shapes:
        raise InputError("--shape is for what a file is run on; a container is not run, only unpacked: leave it out")
    before = find.of_file(source).inspect(source)
    made = container.pack(source, target, progress=progress)
    return PackResult(source_bytes=made.source_bytes, bytes=made.container_bytes, entropy_bytes=before.entropy_bytes)


def _container_bytes(file: Path) -> int:
    """Bytes of a model file as a container."""
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
        return ECZ.pack(file, Path(folder) / f"model{CONTAINER}", progress=silent).container_bytes
