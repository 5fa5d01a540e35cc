"""Arrays that a container holds already, so that equal ones after them become copies."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from edgecompress.agent.ecz import limits
from edgecompress.agent.ecz.rans import Array
from edgecompress.formats.ecz.found import Extent, Found, FoundArray

COPY = 12
"""About the bytes of a copy, in a head that is deflated."""


def extents(found: Found) -> list[Extent]:
    """The extents of what was found: one place, or the three of a sparse tensor."""
    return [found.extent] if isinstance(found, FoundArray) else [found.ends, found.indices, found.values]


class Originals:
    """Knows the first of equal arrays, over all files of a container. ``copies`` counts what was found again."""

    def __init__(self, found: Iterable[Sequence[Found]]) -> None:
        """``found``: all arrays of each file. Only those of lengths that occur twice are ever read."""
        lengths = Counter(_lengths(each) for file in found for each in file)
        self._repeated = {length for length, count in lengths.items() if count > 1}
        self._known: dict[bytes, tuple[int, list[Extent]]] = {}
        self._in_file = Counter[int]()

    @property
    def copies(self) -> int:
        """The number of pieces that are copies so far."""
        return self._in_file.total()

    def digest(self, view: Array, found: Found) -> bytes | None:
        """The digest of an array; ``None`` for one that can have no equal, or of which a copy would gain nothing."""
        lengths = _lengths(found)
        if lengths not in self._repeated or min(lengths) < limits.COPY_BYTES:
            return None
        digest = hashlib.sha256(repr(lengths).encode())
        for extent in extents(found):
            digest.update(view[extent.at : extent.at + extent.bytes].data)
        return digest.digest()

    def of(self, digest: bytes | None, file: int) -> tuple[int, list[Extent]] | None:
        """The number of the file and the places of the original, if an array of ``file`` is to be a copy of one."""
        original = self._known.get(digest) if digest else None
        if original is None or self._in_file[file] + len(original[1]) > limits.COPIES:
            return None
        self._in_file[file] += len(original[1])
        return original

    def add(self, digest: bytes | None, file: int, found: Found, cost: float) -> None:
        """Keep an array that takes ``cost`` bytes, if a copy of it would take less."""
        if digest and cost > COPY * len(extents(found)):
            self._known[digest] = (file, extents(found))


def _lengths(found: Found) -> tuple[int, ...]:
    return tuple(extent.bytes for extent in extents(found))
