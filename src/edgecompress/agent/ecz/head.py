"""Whole numbers of any size from the head of a block: LEB128, seven bits a byte, the lowest first."""

from __future__ import annotations

from .errors import DamagedError


class Head:
    """A reader of a head: one number after the other, each with a limit."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, most: int) -> int:
        """The next unsigned number.

        Raises:
            DamagedError: it is larger than ``most``, or the head ends before it does.
        """
        value = shift = 0
        while True:
            if self._at >= len(self._data):
                raise DamagedError("its description ends too early")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if value > most:
                raise DamagedError("a number in its description is too large")
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise DamagedError("a number in its description is too long")

    def signed(self, most: int) -> int:
        """The next signed number, stored as 2v where it is not negative and as -2v-1 where it is."""
        value = self.number(2 * most + 1)
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def bytes(self, count: int) -> bytes:
        """The next ``count`` bytes as they are.

        Raises:
            DamagedError: the head ends before they do.
        """
        self._at += count
        if self._at > len(self._data):
            raise DamagedError("its description ends too early")
        return self._data[self._at - count : self._at]

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at
