"""Reading a container: its table of files, then block after block, with every length checked before it is used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .blocks import File
from .errors import ContainerError, DamagedError
from .head import Head
from .limits import COPIES_VERSION, HEADER_BYTES, MAGIC, PAYLOAD_BYTES, RATIO, RATIO_FROM, VERSION
from .sections import CopySection
from .values import LARGEST

PRELUDE = struct.Struct("<8sHHII")
"""Magic; version; zero; bytes of the header; CRC-32 of the header."""
BLOCK = struct.Struct("<II")
"""Bytes of the payload; CRC-32 of the payload."""

_READ_AT_A_TIME = 1 << 18

# What NumPy and struct say of numbers that contradict each other.
_WRONG_DATA = (ArithmeticError, LookupError, ValueError, struct.error)


@dataclass(frozen=True)
class FileEntry:
    """One file in a container; the first is the model, the others hold its external data."""

    name: str
    size: int
    sha256: bytes


def contents(source: Path) -> list[FileEntry]:
    """The files in a container, read from its header alone.

    Raises:
        ContainerError: it cannot be read, or is no container that this version knows.
    """
    try:
        with source.open("rb") as stream:
            return _header(stream, source)
    except OSError as error:
        raise ContainerError(f"cannot read {source}: {error.strerror or error}") from error


def unpack(
    source: Path,
    output: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    max_ratio: float = RATIO,
) -> list[Path]:
    """Write the model in a container to ``output``, and its external data, if any, beside it under their own names.

    Files appear whole or not at all, the model last; files of those names are replaced. Memory is that of one block
    and a few parts, some 10 MB, whatever the size of the model. ``progress`` is called with the bytes done and in all.
    ``max_ratio`` bounds the bytes unpacked for one of the container.

    Returns:
        The paths that were written, the model's first.

    Raises:
        ContainerError: the container cannot be read, is damaged, or there is no room for what is in it.
    """
    try:
        with source.open("rb") as stream:
            _check_ratio(stream, source, max_ratio)
            return _unpack(stream, source, output, progress)
    except (MemoryError, OSError) as error:
        reason = getattr(error, "strerror", None) or "out of memory"
        raise ContainerError(
            f"cannot unpack {source}: {reason}: {getattr(error, 'filename', None) or output}"
        ) from error


def _check_ratio(stream: BinaryIO, source: Path, most: float) -> None:
    """Refuse a small container that says it fills a disk, before anything is written."""
    total = sum(entry.size for entry in _header(stream, source))
    packed = os.fstat(stream.fileno()).st_size
    stream.seek(0)
    if total > RATIO_FROM and total > most * packed:
        raise ContainerError(
            f"{source} has {packed} bytes and says that it unpacks to {total}, more than {most:g} times as many; if "
            f"you trust it, allow that: --max-ratio {-(-total // packed)}"
        )


def _unpack(stream: BinaryIO, source: Path, output: Path, progress: Callable[[int, int], None] | None) -> list[Path]:
    entries = _header(stream, source)
    if output.exists() and output.samefile(source):
        raise ContainerError(f"{output} is the container itself; give the model another name")
    paths = [output, *(output.with_name(entry.name) for entry in entries[1:])]
    if len(set(paths)) < len(paths):
        raise ContainerError(f"{source} holds external data named {output.name}; give the model another name")
    total = sum(entry.size for entry in entries)
    output.parent.mkdir(parents=True, exist_ok=True)
    room = shutil.disk_usage(output.parent).free
    if total > room:
        raise ContainerError(f"{source} unpacks to {total} bytes, and {output.parent} has room for {room}; free some")
    temporaries: list[tuple[Path, Path]] = []
    done = 0
    try:
        for entry, path in zip(entries, paths):  # noqa: B905 (strict came with Python 3.10)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:200]}.")
            temporaries.append((Path(name), path))
            with os.fdopen(handle, "w+b", buffering=0) as target:
                before = [each for each, _ in temporaries[:-1]]
                for count in _blocks(stream, source, entry, target, before):
                    if progress is not None:
                        progress(done + count, total)
            done += entry.size
        _check_end(stream, source)
        umask = os.umask(0)
        os.umask(umask)
        for temporary, path in reversed(temporaries):
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
    except BaseException:
        for temporary, _ in temporaries:
            if temporary.exists():
                temporary.unlink()
        raise
    return paths


def _blocks(
    stream: BinaryIO, source: Path, entry: FileEntry, target: BinaryIO, before: Sequence[Path]
) -> Iterator[int]:
    """Decode one file into ``target``; after each block, how many bytes are written.

    ``before`` are the files of the container before it, which may hold arrays of this one.

    Raises:
        ContainerError: a block is damaged, or the file is not the one that was packed.
    """
    file = File(entry.size)
    while not file.is_decoded:
        payload = _payload(stream, source)
        try:
            for offset, data in file.pieces(payload):
                target.seek(offset)
                _write(target, data)
        except OSError:
            raise
        except (DamagedError, *_WRONG_DATA) as error:
            raise ContainerError(f"{source} is damaged ({_line(error)}); fetch it again") from error
        yield file.written
    done = file.written
    for copy in _checked_copies(file, source, before):
        _copy(copy, target, before)
        done += copy.length
        yield done
    target.seek(0)
    digest = hashlib.sha256()
    while chunk := target.read(_READ_AT_A_TIME):
        digest.update(chunk)
    if digest.digest() != entry.sha256:
        raise ContainerError(f"{source} does not unpack to the file that was packed; fetch it again")


def _checked_copies(file: File, source: Path, before: Sequence[Path]) -> list[CopySection]:
    try:
        return file.copies([path.stat().st_size for path in before])
    except DamagedError as error:
        raise ContainerError(f"{source} is damaged ({_line(error)}); fetch it again") from error


def _copy(copy: CopySection, target: BinaryIO, before: Sequence[Path]) -> None:
    """Write bytes that are in the file, or in one before it, a second time."""
    with before[-copy.back].open("rb") if copy.back else contextlib.nullcontext(target) as found:
        for done in range(0, copy.length, _READ_AT_A_TIME):
            found.seek(copy.source + done)
            data = found.read(min(_READ_AT_A_TIME, copy.length - done))
            target.seek(copy.at + done)
            _write(target, data)


def _write(target: BinaryIO, data: Any) -> None:
    """Write all of an array or of bytes to an unbuffered file."""
    view = memoryview(data.view(np.uint8).data if isinstance(data, np.ndarray) else data)
    while view:
        view = view[target.write(view) :]


def _payload(stream: BinaryIO, source: Path) -> bytes:
    size, checksum = BLOCK.unpack(_exactly(stream, BLOCK.size, source))
    if size > PAYLOAD_BYTES:
        raise ContainerError(f"{source} is damaged (a block claims {size} bytes); fetch it again")
    payload = _exactly(stream, size, source)
    if zlib.crc32(payload) != checksum:
        raise ContainerError(f"{source} is damaged (a checksum does not match); fetch it again")
    return payload


def _header(stream: BinaryIO, source: Path) -> list[FileEntry]:
    """The table of files.

    Raises:
        ContainerError: this is no container, or not one that this version can read.
    """
    start = stream.read(PRELUDE.size)
    if start[:8] != MAGIC:
        raise ContainerError(
            f"{source} is not an .ecz container; make one with 'edgecompress pack MODEL -o {source.name}'"
        )
    if len(start) < PRELUDE.size:
        raise ContainerError(f"{source} ends too early; fetch it again")
    _, version, reserved, size, checksum = PRELUDE.unpack(start)
    if version not in (VERSION, COPIES_VERSION) or reserved:
        raise ContainerError(f"{source} is of version {version} of the format; unpack it with a newer edgecompress")
    if size > HEADER_BYTES:
        raise ContainerError(f"{source} is damaged (its header claims {size} bytes); fetch it again")
    data = _exactly(stream, size, source)
    if zlib.crc32(data) != checksum:
        raise ContainerError(f"{source} is damaged (a checksum does not match); fetch it again")
    try:
        return _entries(Head(data))
    except (DamagedError, UnicodeDecodeError) as error:
        raise ContainerError(f"{source} is damaged ({_line(error)}); fetch it again") from error


def _entries(head: Head) -> list[FileEntry]:
    entries: list[FileEntry] = []
    while head.left or not entries:
        name = head.bytes(head.number(255)).decode()
        if not is_plain_name(name) or any(name == entry.name for entry in entries):
            raise DamagedError(f"{name!r} is no name for a file")
        entries.append(FileEntry(name, head.number(LARGEST), head.bytes(32)))
    return entries


def is_plain_name(name: str) -> bool:
    """Return whether ``name`` names a file in the same folder and nothing else, on any system."""
    forbidden = any(character in '/\\:"*?<>|' or not character.isprintable() for character in name)
    return bool(name) and not forbidden and name not in (".", "..") and len(name.encode()) <= 255


_MODELS = (".onnx", ".tflite")
# What exporters call external data, and tensors that are saved a file each.
_DATA = (".data", ".onnx_data", ".bin", ".weight", ".weights", ".bias", ".pb", ".raw")


def is_model_name(name: str, *, is_data: bool) -> bool:
    """Return whether ``name`` is a model file's or its external data's: no hidden file, option, script or setting."""
    endings = (*_MODELS, *_DATA) if is_data else _MODELS
    return is_plain_name(name) and name[0] not in ".-~ " and name.lower().endswith(endings)


def _exactly(stream: BinaryIO, size: int, source: Path) -> bytes:
    """The next ``size`` bytes. A file that is shorter than it says never makes this allocate what it says."""
    if os.fstat(stream.fileno()).st_size - stream.tell() < size:
        raise ContainerError(f"{source} ends too early; fetch it again")
    data = stream.read(size)
    if len(data) != size:
        raise ContainerError(f"{source} ends too early; fetch it again")
    return data


def _check_end(stream: BinaryIO, source: Path) -> None:
    if stream.read(1):
        raise ContainerError(f"{source} goes on behind its end; fetch it again")


def _line(error: Exception) -> str:
    return str(error) or type(error).__name__
