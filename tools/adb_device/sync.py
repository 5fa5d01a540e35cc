"""The service ``sync:``: push, pull, list and stat (AOSP, packages/modules/adb/SYNC.TXT)."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire import Stream

_HEAD = struct.Struct("<4sI")
_LARGEST = 64 * 1024


def sync(root: Path, stream: Stream, on_bytes: Callable[[int], None]) -> None:
    """Answer requests until the client is done. ``on_bytes`` is told how many bytes of a push came."""
    while True:
        kind, size = _HEAD.unpack(stream.exactly(_HEAD.size))
        if kind == b"QUIT":
            return
        name = stream.exactly(size)
        if kind == b"SEND":
            name, _, mode = name.rpartition(b",")
            _send(_there(root, name), int(mode), stream, on_bytes)
        elif kind == b"RECV":
            _receive(_there(root, name), stream)
        elif kind == b"STAT":
            stream.write(struct.pack("<4sIII", kind, *_stat(_there(root, name))))
        elif kind == b"LIST":
            _list(_there(root, name), stream)
        else:
            _fail(stream, f"unknown request {kind!r}")
            return


def _there(root: Path, name: bytes) -> Path:
    return root / os.fsdecode(name).lstrip("/")


def _send(path: Path, mode: int, stream: Stream, on_bytes: Callable[[int], None]) -> None:
    """Take a file. All of it is read, even when it cannot be written, so that the answer is read too."""
    failed = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path.open("wb", buffering=0)
    except OSError as error:
        failed, target = f"couldn't create file: {error.strerror}", Path(os.devnull).open("wb", buffering=0)  # noqa: SIM115
    with target:
        while True:
            kind, size = _HEAD.unpack(stream.exactly(_HEAD.size))
            if kind == b"DONE":
                break
            content = stream.exactly(size)
            on_bytes(size)
            try:
                while not failed and content:
                    content = content[target.write(content) :]
            except OSError as error:
                failed = f"write failed: {error.strerror}"
    if failed:
        # adbd leaves no half of a file where it could not write all of it.
        path.unlink(missing_ok=True)
        _fail(stream, failed)
        return
    path.chmod(mode & 0o777)
    os.utime(path, (size, size))
    stream.write(_HEAD.pack(b"OKAY", 0))


def _receive(path: Path, stream: Stream) -> None:
    try:
        source = path.open("rb")
    except OSError as error:
        _fail(stream, f"open failed: {error.strerror}")
        return
    with source:
        while part := source.read(_LARGEST):
            stream.write(_HEAD.pack(b"DATA", len(part)) + part)
    stream.write(_HEAD.pack(b"DONE", 0))


def _stat(path: Path) -> tuple[int, int, int]:
    try:
        found = path.lstat()
    except OSError:
        return 0, 0, 0
    return found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime) & 0xFFFFFFFF


def _list(path: Path, stream: Stream) -> None:
    if stat.S_ISDIR(_stat(path)[0]):
        for name in [".", "..", *sorted(os.listdir(path))]:  # noqa: PTH208  # Path.iterdir leaves out . and ..
            encoded = os.fsencode(name)
            stream.write(struct.pack("<4sIIII", b"DENT", *_stat(path / name), len(encoded)) + encoded)
    stream.write(struct.pack("<4sIIII", b"DONE", 0, 0, 0, 0))


def _fail(stream: Stream, message: str) -> None:
    encoded = message.encode()
    stream.write(_HEAD.pack(b"FAIL", len(encoded)) + encoded)
