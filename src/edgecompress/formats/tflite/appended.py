"""A zip archive behind the flatbuffer of a .tflite file: labels and metadata, as TFLite's metadata writers append them.

The archive is kept byte for byte, but for the places in it that count from the beginning of the file (APPNOTE.TXT
6.3.10, sections 4.3.12 and 4.3.16).
"""

import struct

from edgecompress.errors import InputError

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_END_SIZE, _CENTRAL_SIZE, _LONGEST_COMMENT = 22, 46, 0xFFFF
_FURTHEST = 2 * (_END_SIZE + _LONGEST_COMMENT)  # from the end; with room for what follows
_MARKS = 16  # that are looked at: each may name a directory that takes long to read
_ZIP64 = 0xFFFFFFFF


def archive(data: bytes) -> tuple[int, bytes]:
    """The place where the archive at the end of a file begins, and the bytes from there; else the file's end, and none.

    Its comment may hold anything, and bytes that belong to nothing may follow it: readers look over both.

    Raises:
        InputError: the archive is damaged, or its places take more than 4 bytes.
    """
    end = _end(data)
    if end is None:
        return len(data), b""
    begin = _begin(data, end)
    return begin, data[begin:]


def moved(data: bytes, begin: int, to: int) -> bytes:
    """The archive that ``archive`` found in ``data`` at ``begin``, as it is to stand at ``to``.

    Raises:
        InputError: as ``archive``.
    """
    made = bytearray(data[begin:])
    end = _end(data)
    if not made or end is None:
        return b""
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    if end - size != offset:
        return bytes(made)  # its places count from its own beginning
    shift = to - begin
    for entry, place in _entries(data, end - size, count):
        struct.pack_into("<I", made, entry - begin + 42, place + shift)
    struct.pack_into("<I", made, end - begin + 16, offset + shift)
    return bytes(made)


def _end(data: bytes) -> int | None:
    """The place of the record that ends the archive's directory; its four bytes may be in a comment or a weight too.

    It is the last that reaches to the file's end, or else the last whose directory is in order.
    """
    places: list[int] = []
    place = len(data)
    while len(places) < _MARKS and (place := data.rfind(_END, max(0, len(data) - _FURTHEST), place)) >= 0:
        places.append(place)
    ends = {at: at + _END_SIZE + struct.unpack_from("<H", data, at + 20)[0] for at in places if at + 22 <= len(data)}
    whole = [at for at, end in ends.items() if end <= len(data) and _is_whole(data, at)]
    exact = [at for at, end in ends.items() if end == len(data)]
    return next(iter([at for at in exact if at in whole] or exact or whole), None)


def _is_whole(data: bytes, end: int) -> bool:
    """Return whether a record ends a directory of files that are there."""
    try:
        return _begin(data, end) < end
    except InputError:
        return False


def _begin(data: bytes, end: int) -> int:
    """The place where the archive begins whose directory a record ends."""
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    before = end - size - offset  # what stands before the archive, where its places count from its own beginning
    if before < 0 or _ZIP64 in (size, offset):
        raise InputError("the zip archive behind the model is damaged, or larger than 4 GiB")
    places = [place + before for _, place in _entries(data, end - size, count)]
    if any(data[place : place + 4] != _LOCAL for place in places):
        raise InputError("the zip archive behind the model is damaged: its directory names files that are not there")
    begin: int = min(places, default=end - size)
    return begin


def _entries(data: bytes, start: int, count: int) -> list[tuple[int, int]]:
    """Of each entry of a central directory, where it stands and the place of its file."""
    found = []
    for _ in range(count):
        if data[start : start + 4] != _CENTRAL or len(data) < start + _CENTRAL_SIZE:
            raise InputError("the zip archive behind the model is damaged: its directory ends too early")
        name, extra, comment = struct.unpack_from("<HHH", data, start + 28)
        found.append((start, struct.unpack_from("<I", data, start + 42)[0]))
        start += _CENTRAL_SIZE + name + extra + comment
    return found
