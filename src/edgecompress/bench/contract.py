"""What the measurement asks of a model file."""

from typing import Protocol

from edgecompress.export.kinds import Kind
from edgecompress.formats.contract import Layout
from edgecompress.target import Runtime


class ToMeasure(Protocol):
    """A model file: what it is, and how it is run. Those of a bundle's manifest are such."""

    @property
    def runtime(self) -> Runtime:
        """The runtime of the file."""

    @property
    def kind(self) -> Kind:
        """The kind of the file."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def sha256(self) -> str:
        """Its checksum, hexadecimal."""

    @property
    def input_layout(self) -> Layout:
        """The layout of the file's input."""

    @property
    def tolerance(self) -> tuple[float, float] | None:
        """By how much its outputs were let differ: absolute, and relative to their largest; None: it is not known."""
