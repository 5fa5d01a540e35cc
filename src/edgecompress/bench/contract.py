"""What the measurement asks of a model file."""

from typing import Protocol

from edgecompress.export.kinds import Kind
from edgecompress.formats.contract import Layout
from edgecompress.target import Runtime


class ToMeasure(Protocol):
    """A model file: what it is, and how it is run. Those of a bundle's manifest are such."""

    @property
    def runtime(self) -> Runtime:
        """What runs it."""

    @property
    def kind(self) -> Kind:
        """What it holds."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def sha256(self) -> str:
        """Its checksum, hexadecimal."""

    @property
    def input_layout(self) -> Layout:
        """Where its input has its channels."""

    @property
    def tolerance(self) -> tuple[float, float] | None:
        """By how much its outputs were let differ: absolute, and relative to their largest; None: it is not known."""
