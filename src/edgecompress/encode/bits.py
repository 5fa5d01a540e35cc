"""Small numbers packed into bits, plane by plane.

A plane holds one bit of every number: bit ``i // n`` of byte ``i % n`` belongs to number i, where n is the least number
of bytes that holds them all. So eight runs of numbers lie side by side, and a runtime without bit streams takes a run
out with one shift of the whole plane, with no interleaving to undo; that is several times faster than consecutive bits.
Numbers of 8 bits are plain bytes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.unsignedinteger] | npt.NDArray[np.signedinteger]

WIDEST = 8


@dataclass(frozen=True, eq=False)
class PackedBits:
    """``count`` numbers of ``bits`` bits: ``planes`` is uint8 [bits, n], of 8 bits uint8 [count].

    The ``padded - count`` numbers that fill the planes up are of no meaning.
    """

    planes: Bytes
    bits: int
    count: int

    @property
    def size(self) -> int:
        """Bytes of the planes."""
        return self.planes.nbytes

    @property
    def padded(self) -> int:
        """Numbers that the planes have room for."""
        return self.count if self.bits == WIDEST else 8 * self.planes.shape[1]


def size(count: int, bits: int) -> int:
    """Bytes of ``count`` numbers of ``bits`` bits."""
    return count if bits == WIDEST else bits * -(-count // 8)


def width(largest: int) -> int:
    """Bits that hold 0 to ``largest``, at least 1."""
    return max(1, int(largest).bit_length())


def pack(numbers: Numbers, bits: int, *, fill: int = 0) -> PackedBits:
    """``numbers`` (one-dimensional, each below 2**bits, 1 to 8 bits), filled up with ``fill``."""
    assert 1 <= bits <= WIDEST
    count = len(numbers)
    if bits == WIDEST:
        return PackedBits(numbers.astype(np.uint8), bits, count)
    length = -(-count // 8)
    filled = np.full(8 * length, fill, np.uint8)
    filled[:count] = numbers
    runs = filled.reshape(8, length)
    planes = [np.packbits((runs >> plane) & 1, axis=0, bitorder="little") for plane in range(bits)]
    return PackedBits(np.concatenate(planes), bits, count)


def unpack(packed: PackedBits) -> Bytes:
    """The numbers: uint8 [count]."""
    if packed.bits == WIDEST:
        return packed.planes
    numbers = np.zeros((8, packed.planes.shape[1]), np.uint8)
    for plane, stored in enumerate(packed.planes):
        numbers |= np.unpackbits(stored[np.newaxis], axis=0, bitorder="little") << plane
    return numbers.reshape(-1)[: packed.count]
