"""The content of a report, apart from how it is written: sections of figures, each a table and perhaps charts of it.

Every command that prints a table makes one ``Document``; the writers know nothing else of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # a table of targets needs no records, which take a second to import
    from edgecompress.report.found import RecordSource

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
    key: str = ""  # in CSV and in ``Table.parts``; it names the unit of the values where texts have another one
    short: str = ""  # the heading where width is scarce; without it, name and unit
    shown: bool = True  # not shown: for programs alone, in CSV

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def heading(self) -> str:
        """Name and unit, short."""
        return self.short or f"{self.name} {self.unit}".rstrip()

    @property
    def id(self) -> str:
        """The name that programs know it by."""
        return self.key or "_".join(f"{self.group} {self.name} {self.unit}".split())


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
    taken: Taken | None = None  # None: the whole document is of one record, which is named above it
    records: tuple[str, ...] = ()
    stands_out: bool = False


@dataclass(frozen=True)
class Table:
    """Columns and rows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    parts: tuple[tuple[str, ...], ...] = ()  # keys of columns that go together where all are too wide for one table
    mark: str = ""  # what a row that stands out is, in a word or two: the row is marked with it
    legend: str = ""  # the same as a sentence, where the mark is a sign
    large: bool = False  # few rows of a question, its answer and what that is of: a page draws each as a tile

    @property
    def shown(self) -> list[int]:
        """The places of the columns for people."""
        return [place for place, column in enumerate(self.columns) if column.shown]

    @property
    def traced(self) -> bool:
        """True where its rows say where their figures come from."""
        return any(row.taken for row in self.rows)


@dataclass(frozen=True)
class Chart:
    """A drawing of a table: a Vega-Lite specification for a width in pixels, and what it shows, in a sentence.

    A mark's ``description`` is the key of its row, a space, and the tooltip for a reader who points at it.
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
    warnings: tuple[str, ...] = ()  # what must be known before a figure is used
    details: tuple[str, ...] = ()  # how it was measured, for those who ask


@dataclass(frozen=True)
class Section:
    """Figures of one question. A document of one question has one section, without a title."""

    key: str
    title: str
    about: str
    figures: tuple[Figure, ...] = field(default=())


@dataclass(frozen=True)
class Document:
    """A whole report. What belongs to all of it has a severity: first to know, a warning, a detail."""

    title: str
    made: str
    sections: tuple[Section, ...]
    sources: "tuple[RecordSource, ...]" = ()
    left_out: tuple[str, ...] = ()  # records that were left out or passed over, and why
    above: tuple[str, ...] = ()  # what the tables are of, a line each
    conclusion: tuple[str, ...] = ()  # what follows; last in a terminal, where one looks, and early on a page
    first: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    rows_of: tuple[str, ...] = ()  # figures of the same columns that CSV is a line a row of; none: a line a value
    titled: bool = True  # in a terminal too; not where the command that was just given says the same
    width: int = 0  # columns of a terminal that its tables are made for; 0: as many as there are

    @property
    def figures(self) -> list[Figure]:
        """The figures of all sections."""
        return [figure for section in self.sections for figure in section.figures]


def brief(document: Document) -> Document:
    """The document without how it was measured."""
    sections = tuple(
        replace(section, figures=tuple(replace(figure, details=()) for figure in section.figures))
        for section in document.sections
    )
    return replace(document, sections=sections, details=())


def of_figures(title: str, figures: Sequence[Figure], **more: Any) -> Document:
    """A document of one question. ``more``: its other fields."""
    return Document(title, more.pop("made", ""), (Section("all", "", "", tuple(figures)),), **more)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], key: str = "row", **more: Any) -> Table:
    """A table of cells. ``more``: its other fields."""
    lines = (Row(f"{key}-{place}", tuple(cells)) for place, cells in enumerate(rows))
    return Table(tuple(columns), tuple(lines), **more)
