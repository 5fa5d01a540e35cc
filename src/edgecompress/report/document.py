"""The content of a report, apart from how it is written: sections of figures, each a table and perhaps charts of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edgecompress.report.found import Source

Taken = Literal["measured", "emulated", "estimated"]
"""Where a row's figures come from. What a paper published has columns of its own, which say so."""

Value = float | int | str | bool | None


@dataclass(frozen=True)
class Column:
    """A column of a table: what it holds, in which unit, and under which heading it stands with others."""

    name: str
    unit: str = ""
    group: str = ""
    words: bool = False  # text, and not a figure

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and as people read it."""

    text: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its cells, where its figures come from, and the records that hold them."""

    key: str  # unique in the report; a mark of a chart names the row that it shows
    cells: tuple[Cell, ...]
    taken: Taken
    records: tuple[str, ...]
    stands_out: bool = False


@dataclass(frozen=True)
class Table:
    """Columns and rows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Chart:
    """A drawing of a table: a Vega-Lite specification for a width in pixels, and what it shows, in a sentence.

    A mark's ``description`` is the key of its row, a space, and what a reader is told when pointing at it.
    """

    label: str
    draw: Callable[[int], Mapping[str, Any]]
    half: bool = False  # two of them stand side by side where there is room


@dataclass(frozen=True)
class Figure:
    """A table with its charts. The caption says what was measured, on what and how."""

    key: str
    title: str
    caption: str
    table: Table
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()  # what must be known before a figure is used
    details: tuple[str, ...] = ()  # how it was measured, for those who ask


@dataclass(frozen=True)
class Section:
    """Figures of one question."""

    key: str
    title: str
    about: str
    figures: tuple[Figure, ...] = field(default=())


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    made: str
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()  # what was left out or passed over, and why
