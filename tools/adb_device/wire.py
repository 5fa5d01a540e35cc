"""The messages between adb's server and a device, and the streams in them (AOSP, packages/modules/adb/protocol.txt).

A message is six little-endian words (command, two arguments, length, checksum, command inverted) and a payload. A
stream has a number on each side. Each write waits until the other side says OKAY.
"""

from __future__ import annotations

import itertools
import queue
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

VERSION = 0x01000001  # from here on checksums are not looked at
LARGEST = 256 * 1024
_HEAD = struct.Struct("<4sIIIII")


class Message(NamedTuple):
    """One message."""

    command: bytes
    first: int
    second: int
    payload: bytes = b""


class Closed(Exception):  # noqa: N818  # an end, not an error
    """The other side is gone, of the connection or of a stream."""


class Wire:
    """A socket that carries messages; several threads may send."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()

    def receive(self) -> Message:
        """The next message."""
        command, first, second, length, _, _ = _HEAD.unpack(self._exactly(_HEAD.size))
        return Message(command, first, second, self._exactly(length))

    def send(self, message: Message) -> None:
        """Send a message."""
        command = int.from_bytes(message.command, "little")
        head = _HEAD.pack(*message[:3], len(message.payload), 0, command ^ 0xFFFFFFFF)
        try:
            with self._sending:
                self._socket.sendall(head + message.payload)
        except OSError as error:
            raise Closed from error

    def close(self) -> None:
        """End the connection, at once."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._socket.recv(size - len(parts))
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            parts += part
        return bytes(parts)


class Stream:
    """One stream of a connection, as a service sees it."""

    def __init__(self, wire: Wire, here: int, there: int) -> None:
        self._wire, self._here, self._there = wire, here, there
        self._received: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # b"" is the end
        self._may_write = threading.Semaphore(0)
        self._ended = False
        self._rest = b""

    def read(self) -> bytes:
        """What came next; nothing at the end."""
        if self._rest:
            part, self._rest = self._rest, b""
            return part
        part = b"" if self._ended and self._received.empty() else self._received.get()
        if part:
            self._wire.send(Message(b"OKAY", self._here, self._there))
        return part

    def exactly(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if not size:
            return b""
        parts = bytearray()
        while len(parts) < size:
            part = self.read()
            if not part:
                raise Closed
            parts += part
        self._rest = bytes(parts[size:])
        return bytes(parts[:size])

    def write(self, content: bytes) -> None:
        """Send ``content`` and wait until it was taken."""
        for start in range(0, len(content), LARGEST):
            if self._ended:
                raise Closed
            self._wire.send(Message(b"WRTE", self._here, self._there, content[start : start + LARGEST]))
            self._may_write.acquire()
        if self._ended:
            raise Closed

    def close(self) -> None:
        """Say that nothing more comes."""
        if not self._ended:
            self._wire.send(Message(b"CLSE", self._here, self._there))

    def took(self, content: bytes) -> None:
        """The other side wrote ``content``; called by the connection's reader."""
        self._received.put(content)

    def okay(self) -> None:
        """The other side took what was written."""
        self._may_write.release()

    def end(self) -> None:
        """The other side closed the stream."""
        self._ended = True
        self._received.put(b"")
        self._may_write.release()


Serve = Callable[[str, Stream], None]


def serve_streams(wire: Wire, serve: Serve) -> None:
    """Answer what comes until the connection ends: ``serve`` runs in a thread of its own for each stream opened."""
    streams: dict[int, Stream] = {}
    numbers = itertools.count(1)

    def run(name: str, stream: Stream) -> None:
        try:
            serve(name, stream)
            stream.close()
        except Closed:
            pass

    try:
        while True:
            command, first, second, payload = wire.receive()
            if command == b"OPEN":
                here = next(numbers)
                streams[here] = Stream(wire, here, first)
                wire.send(Message(b"OKAY", here, first))
                name = payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
                threading.Thread(target=run, args=(name, streams[here]), daemon=True).start()
            elif second in streams:
                stream = streams[second]
                if command == b"WRTE":
                    stream.took(payload)
                elif command == b"OKAY":
                    stream.okay()
                elif command == b"CLSE":
                    streams.pop(second).end()
    except Closed:
        pass
    finally:
        for stream in streams.values():
            stream.end()
