"""Packing a model file into a container: its arrays entropy-coded, everything else as one compressed rest."""

import hashlib
import math
import mmap
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecompress import temporary
from edgecompress.agent.ecz import ContainerError, limits, unpack
from edgecompress.agent.ecz.container import BLOCK, PRELUDE, is_plain_name
from edgecompress.errors import CheckError, InputError
from edgecompress.formats import find
from edgecompress.formats.ecz.block import varint
from edgecompress.formats.ecz.found import Found, FoundArray
from edgecompress.formats.ecz.originals import Originals
from edgecompress.formats.ecz.payloads import payloads
from edgecompress.progress import Progress


@dataclass(frozen=True)
class PackedContainer:
    """The result of packing: the files, their bytes, those of the container, and those of the coded arrays in it."""

    files: tuple[str, ...]
    source_bytes: int
    container_bytes: int
    array_bytes: int
    "Bytes of the arrays in the source that were coded as arrays."
    coded_bytes: int
    "Bytes of the same arrays in the container; the rest of the container is everything else."


def pack_container(source: Path, target: Path, *, progress: Progress) -> PackedContainer:
    """Pack the .onnx or .tflite file ``source``, and external data beside it, into the container ``target``.

    What it unpacks to is the source bit by bit: it is unpacked once to see that. The container appears whole or not at
    all.

    Raises:
        InputError: the source cannot be read or is no such model, or its external data is not beside it.
        CheckError: the container does not unpack to its source.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target} is the model itself; give the container another name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.folder(beside=target) as folder:
            written = Path(folder) / "container.ecz"
            packed = _write(source, written, progress)
            try:
                unpack(written, Path(folder) / source.name, max_ratio=math.inf)
            except ContainerError as error:
                raise CheckError(f"{source} cannot be packed: {error}; please report this model") from error
            written.replace(target)
    except OSError as error:
        raise InputError(f"cannot pack {source}: {error.strerror}: {error.filename or target}") from error
    return packed


def _write(source: Path, target: Path, progress: Progress) -> PackedContainer:
    inside, external = _find(source)
    parts: list[tuple[Path, Sequence[Found]]] = [(source, inside)]
    for name, outside in external.items():
        if not is_plain_name(name) or name == source.name:
            raise InputError(f"{source}: its external data {name!r} does not lie beside it; save both in one folder")
        parts.append((source.parent / name, outside))
    total = sum(path.stat().st_size for path, _ in parts)
    done = arrays = coded = 0
    originals = Originals(found for _, found in parts)
    with target.open("wb") as stream:
        header = b"".join(_entry(path) for path, _ in parts)
        stream.write(bytes(PRELUDE.size) + header)
        for number, (path, found) in enumerate(parts):
            for payload, covered, is_rest in payloads(mapped(path), found, originals, number):
                stream.write(BLOCK.pack(len(payload), zlib.crc32(payload)) + payload)
                done += covered
                arrays += covered * (not is_rest)
                coded += (len(payload) + BLOCK.size) * (not is_rest)
                progress("pack", done, total, path.name)
        # Readers of version 1 know no copies, and get along with what has none.
        version = limits.COPIES_VERSION if originals.copies else limits.VERSION
        stream.seek(0)
        stream.write(PRELUDE.pack(limits.MAGIC, version, 0, len(header), zlib.crc32(header)))
    return PackedContainer(tuple(path.name for path, _ in parts), total, target.stat().st_size, arrays, coded)


def mapped(path: Path) -> mmap.mmap | bytes:
    """The bytes of a file, read as they are needed."""
    with path.open("rb") as stream:
        # An empty file cannot be mapped. A mapping ends with the last array that looks into it.
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(stream.fileno()).st_size else b""


def _find(source: Path) -> tuple[Sequence[Found], Mapping[str, Sequence[FoundArray]]]:
    """The arrays in a model file, and those in its external data."""
    data = mapped(source)
    known = find.of_start(bytes(data[:8]))
    kind = known or find.unmarked()
    try:
        return kind.arrays(data)
    except ValueError as error:
        what = f"a damaged {known.title} file" if known else "neither an ONNX nor a TFLite model, or it is damaged"
        raise InputError(f"{source} is {what} ({error}); give an {find.suffixes()} file") from error


def _entry(path: Path) -> bytes:
    """The entry of a file in the header: name, size, SHA-256."""
    name = path.name.encode()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    return varint(len(name)) + name + varint(path.stat().st_size) + digest
