"""The services that run a command: ``exec:`` (raw), ``shell:`` (the first protocol) and ``shell,v2`` (framed).

As adbd does, each command gets a session of its own, its stdin is closed when the stream ends, and it is not killed.
"""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from wire import Closed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wire import Stream

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_FRAME = struct.Struct("<BI")
_PART = 65_536


def start(shell: Sequence[str], command: str, *, apart: bool) -> subprocess.Popen[bytes]:
    """``command``, read by the device's shell; ``apart``: stderr has a pipe of its own."""
    return subprocess.Popen(
        [*shell, os.fsencode(command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        start_new_session=True,
        bufsize=0,
    )


def raw(shell: Sequence[str], command: str, stream: Stream) -> None:
    """Bytes in and out, stdout and stderr in one, no exit code."""
    process = start(shell, command, apart=False)
    assert process.stdin is not None
    assert process.stdout is not None

    def feed() -> None:
        with suppress(OSError, Closed):
            while part := stream.read():
                process.stdin.write(part)  # type: ignore[union-attr]
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]

    threading.Thread(target=feed, daemon=True).start()
    threading.Thread(target=process.wait, daemon=True).start()
    with process.stdout:
        while part := os.read(process.stdout.fileno(), _PART):
            stream.write(part)


def framed(shell: Sequence[str], command: str, stream: Stream) -> None:
    """Frames of a kind, a length and bytes, both ways; the last one has the exit code."""
    process = start(shell, command, apart=True)
    lock = threading.Lock()

    def send(kind: int, content: bytes) -> None:
        with lock:
            stream.write(_FRAME.pack(kind, len(content)) + content)

    def forward(kind: int, descriptor: int) -> None:
        with suppress(Closed):
            while part := os.read(descriptor, _PART):
                send(kind, part)

    def feed() -> None:
        with suppress(OSError, Closed):
            while True:
                kind, size = _FRAME.unpack(stream.exactly(_FRAME.size))
                content = stream.exactly(size)
                if kind == _STDIN:
                    process.stdin.write(content)  # type: ignore[union-attr]
                elif kind == _CLOSE_STDIN:
                    break
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]

    outputs = [
        threading.Thread(target=forward, args=(kind, pipe.fileno()), daemon=True)
        for kind, pipe in ((_STDOUT, process.stdout), (_STDERR, process.stderr))
        if pipe is not None
    ]
    for thread in (*outputs, threading.Thread(target=feed, daemon=True)):
        thread.start()
    for thread in outputs:
        thread.join()
    send(_EXIT, bytes([process.wait() & 0xFF]))
