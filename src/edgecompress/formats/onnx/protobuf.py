"""The wire format of Protocol Buffers: fields of a message and where in the file they lie, without copying anything.

The classes of onnx do not say where in the file a tensor's bytes are. See the encoding page of protobuf.dev.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Data(Protocol):
    """Bytes, or a file mapped into memory."""

    def __getitem__(self, index: int, /) -> int:
        """One byte."""
        ...

    def __len__(self) -> int:
        """The number of bytes."""
        ...


@dataclass(frozen=True)
class Field:
    """One field of a message: its ``number``; the value of a varint, or 0; the extent of everything else.

    ``begin`` is where the whole field begins, with its number and its length.
    """

    number: int
    wire: int
    value: int
    start: int
    stop: int
    begin: int


def fields(data: Data, start: int, stop: int) -> Iterator[Field]:
    """The fields of the message that lies in ``data[start:stop]``.

    Raises:
        ValueError: these bytes are no message.
    """
    while start < stop:
        begin = start
        key, start = _varint(data, start, stop)
        number, wire = key >> 3, key & 7
        value, end = 0, start
        if wire == VARINT:
            value, end = _varint(data, start, stop)
        elif wire == BYTES:
            length, start = _varint(data, start, stop)
            end = start + length
        elif wire in (FIXED64, FIXED32):
            end = start + (8 if wire == FIXED64 else 4)
        else:
            raise ValueError(f"a field of wire type {wire}")
        if end > stop or number == 0:
            raise ValueError("a field ends behind its message")
        yield Field(number, wire, value, start, end, begin)
        start = end


def head(number: int, length: int) -> bytes:
    """The bytes before the ``length`` bytes of a message, of bytes or of text, in the field ``number``."""
    return _as_varint(number << 3 | BYTES) + _as_varint(length)


def varints(data: Data, field: Field) -> Iterator[int]:
    """The numbers of a repeated integer field, packed or not."""
    if field.wire == VARINT:
        yield field.value
        return
    at = field.start
    while at < field.stop:
        value, at = _varint(data, at, field.stop)
        yield value


def _varint(data: Data, at: int, stop: int) -> tuple[int, int]:
    """The number at ``at``, and where it ends."""
    value = shift = 0
    while at < stop and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number ends behind its message")


def _as_varint(value: int) -> bytes:
    """A number seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
