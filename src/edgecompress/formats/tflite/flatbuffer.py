"""Flatbuffers of large arrays, made without a copy of them: tables in memory, arrays where they are until written.

The builder of the flatbuffers package works from the end of one buffer to its start. Here that buffer is a mapping of
no file, of which only the touched pages take memory, and the place of a large array in it is left untouched.
"""

import importlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from edgecompress.encode import chunks
from edgecompress.errors import InputError
from edgecompress.formats.tflite.graph import Array

# Offsets in a flatbuffer are 31 bits.
LARGEST_FILE = 2**31 - 1
# What tables and alignment may take beside the arrays.
_TABLES = 1 << 20
# Bytes from which on an array is left where it is; smaller ones are copied among the tables, so that parts are few.
_APART = 1 << 16
# Bytes from which on equal vectors are in the file once. A shape is smaller, and each tensor has one of its own, as in
# the files of other tools, which are written again as they were read.
_ONCE = 64


@dataclass(frozen=True, eq=False)
class Flatbuffer:
    """A finished flatbuffer: its ``parts`` follow each other in the file, stretches of tables and large arrays."""

    parts: tuple[bytes | Array, ...]

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces())

    def __len__(self) -> int:
        return sum(len(part) if isinstance(part, bytes) else part.nbytes for part in self.parts)

    def write(self, stream: BinaryIO) -> None:
        """Write the file's bytes."""
        for piece in self._pieces():
            stream.write(piece)

    def _pieces(self) -> Iterator[memoryview]:
        for part in self.parts:
            if isinstance(part, bytes):
                yield memoryview(part)
            else:
                yield from (block.data for block in chunks.written(part))


def builder(data: int) -> Any:
    """A ``flatbuffers.Builder`` for ``data`` bytes of arrays, with the method ``array_vector`` for them.

    Raises:
        InputError: the file would be larger than a flatbuffer can be; later methods raise it too.
    """
    if data > LARGEST_FILE - _TABLES:
        raise _too_large(data)
    return _builder_class()(data)


def finished(made: Any) -> Flatbuffer:
    """The flatbuffer that a builder of this module has built, after its ``Finish``."""
    return Flatbuffer(tuple(made.parts()))


def _too_large(size: int) -> InputError:
    return InputError(f"the TFLite file would be {size} bytes; the format ends at 2 GiB: make the model smaller")


@cache
def _builder_class() -> Any:
    flatbuffers: Any = importlib.import_module("flatbuffers")

    class Builder(flatbuffers.Builder):  # type: ignore[misc]
        """The package's builder, which leaves out large arrays, and remembers where each of them belongs."""

        def __init__(self, data: int) -> None:
            super().__init__(0)
            self.Bytes = mmap.mmap(-1, data + (1 << 16))
            self.head = len(self.Bytes)
            # Each after the distance of its first byte from the file's end, the least distance first.
            self.left_out: list[tuple[int, Array]] = []
            self._written: dict[tuple[str, bytes], Any] = {}

        def array_vector(self, array: Array, size: int, count: int, alignment: int) -> Any:
            """A vector of ``count`` elements of ``size`` bytes that are the bytes of ``array``."""
            self.StartVector(size, count, alignment)
            self.head -= array.nbytes
            if array.nbytes < _APART:
                payload = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
                self.Bytes[self.head : self.head + array.nbytes] = payload
            else:
                self.left_out.append((self.Offset(), array))
            return self.EndVector()

        def CreateNumpyVector(self, x: Array) -> Any:  # noqa: N802
            if not _ONCE <= x.nbytes < _APART:
                return self.array_vector(x, x.itemsize, x.size, x.dtype.alignment)
            # The zero points of a scale a channel are as many zeros in each layer.
            content = x.dtype.str, x.tobytes()
            if content not in self._written:
                self._written[content] = self.array_vector(x, x.itemsize, x.size, x.dtype.alignment)
            return self._written[content]

        def GrowByteBuffer(self) -> None:  # noqa: N802
            old, size = self.Bytes, len(self.Bytes)
            grown = min(2 * size, LARGEST_FILE + 1)
            if grown == size:
                raise _too_large(size + 1)
            new = mmap.mmap(-1, grown)
            for first, last in self._tables():
                new[grown - first : grown - last] = old[size - first : size - last]
            self.Bytes, self.head = new, self.head + grown - size

        def parts(self) -> Iterator[bytes | Array]:
            """The parts of the file in order: tables, and between every two stretches of them an array."""
            size = len(self.Bytes)
            arrays = [array for _, array in reversed(self.left_out)]
            for number, (first, last) in enumerate(self._tables()):
                yield self.Bytes[size - first : size - last]
                yield from arrays[number : number + 1]

        def _tables(self) -> list[tuple[int, int]]:
            """The ranges of tables in bytes from the end of the file, in the file's order."""
            nearest_last = self.left_out[::-1]
            firsts = [self.Offset(), *(place - array.nbytes for place, array in nearest_last)]
            return list(zip(firsts, [*(place for place, _ in nearest_last), 0], strict=True))

    return Builder
