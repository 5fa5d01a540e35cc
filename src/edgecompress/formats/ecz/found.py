"""The places of numbers in a model file: what the finders for each format tell the packer."""

from dataclasses import dataclass
from math import prod

from edgecompress.formats.ecz.values import Channels


@dataclass(frozen=True)
class Extent:
    """``count`` numbers of ``width`` bits (8, 16, 32 or 64) from byte ``at`` of a file on."""

    at: int
    width: int
    count: int

    @property
    def bytes(self) -> int:
        """Length in bytes."""
        return self.count * self.width // 8


@dataclass(frozen=True)
class FoundArray:
    """An array of a file, and the ways to tell its channels apart, that of the output first."""

    extent: Extent
    floating: bool
    channels: tuple[Channels, ...]


@dataclass(frozen=True)
class FoundCsr:
    """A sparse TFLite tensor: ends of the rows (without the leading 0), indices, values; and the length of a row."""

    ends: Extent
    indices: Extent
    values: Extent
    row: int
    channels: tuple[Channels, ...]


Found = FoundArray | FoundCsr


def channels_of(shape: tuple[int, ...]) -> tuple[Channels, ...]:
    """The first and the last dimension of an array, as what its channels may be."""
    if len(shape) < 2 or not prod(shape):
        return ()
    return Channels(prod(shape[1:]), shape[0]), Channels(1, shape[-1])
