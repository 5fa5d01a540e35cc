"""The lines of the serial protocol, version 1: ``@BODY*CRC``, printable ASCII, with the CRC-32 of the body.

A body is an id of two characters, a word, and what belongs to it, with a space between; see docs/serial.md.
"""

import zlib

VERSION = 1
_BEGIN, _CHECK = b"@", b"*"
_DIGITS = 8


class DamagedLineError(ValueError):
    """A line of the protocol that did not come as it was sent."""


def line(body: str) -> bytes:
    """A body as a line, with its end."""
    text = body.encode("ascii")
    return _BEGIN + text + _CHECK + f"{zlib.crc32(text):0{_DIGITS}x}\n".encode()


def body(text: bytes) -> str | None:
    """The body of a line that came; ``None``: it is none of the protocol, as what a board prints when it starts.

    Raises:
        DamagedLineError: it begins as one, and its checksum is another.
    """
    _, begins, rest = text.rpartition(_BEGIN)
    if not begins:
        return None
    found, ends, crc = rest.rstrip(b"\r\n").rpartition(_CHECK)
    if not ends or crc != f"{zlib.crc32(found):0{_DIGITS}x}".encode() or not found.isascii():
        raise DamagedLineError
    return found.decode("ascii")
