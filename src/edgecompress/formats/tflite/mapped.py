"""A file's bytes without a copy of them: pages are in memory while they are read, and no longer."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

Data = bytes | mmap.mmap

# Where there is no such advice, pages leave memory when others are needed.
_LEAVE = getattr(mmap, "MADV_DONTNEED", None)


@contextmanager
def mapped(stream: BinaryIO) -> Iterator[mmap.mmap]:
    """The bytes of a file that is open to read, and that nobody writes meanwhile.

    Raises:
        OSError: it is no file that can be mapped.
        ValueError: it is empty.
    """
    data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        yield data
    finally:
        with suppress(BufferError):  # an array of it is still there, as in an error's traceback: it goes with that
            data.close()


def forget(data: Data) -> None:
    """Let the pages of a mapped file go, which come again when they are read; bytes stay."""
    if isinstance(data, mmap.mmap) and _LEAVE is not None:
        data.madvise(_LEAVE)
