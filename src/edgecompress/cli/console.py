"""The output of all commands: results, warnings, and progress as bars on a terminal and plain lines elsewhere.

Progress and warnings go to standard error. Whatever is printed here or on ``report.console`` may come from a file or a
board: no terminal obeys it, and no markup is read in it.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgecompress import methods
from edgecompress.errors import needs_extra
from edgecompress.plain import one_line, plain, plain_json
from edgecompress.progress import Paced, line
from edgecompress.progress import Progress as Listener

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from edgecompress.report.document import Document

WRITERS = "edgecompress.report.writers"
TERMINAL = "terminal"


class _Bars:
    """One rich bar a title."""

    def __init__(self, bars: "Progress") -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        if title not in self.tasks:
            self.tasks[title] = self.bars.add_task(one_line(title), total=total, note="")
        self.bars.update(self.tasks[title], completed=done, total=total, note=one_line(note))


def say(text: object, *, as_json: bool = False) -> None:
    """Print a result on standard output: text, or a JSON document."""
    typer.echo((plain_json if as_json else plain)(str(text)))


def writer(format_: str) -> "Callable[[Document], None]":
    """The printing of a document in a format, by the writer of that name; asked for before any work.

    Raises:
        InputError: there is no such writer.
        MissingDependencyError: when it prints: a package of the extra ``report`` is not installed.
    """
    write = methods.find(WRITERS, format_)

    def show(document: "Document") -> None:
        try:
            text: str = write(document, Path())
        except ModuleNotFoundError as error:
            raise needs_extra(error) from error
        # CSV ends its lines with two characters, of which a terminal shows one.
        say(text.replace("\r\n", "\n").rstrip())

    return show


def aside(line: str, format_: str) -> None:
    """Print a line that belongs to no document: beside one for a program, on standard error."""
    (say if format_ == TERMINAL else complain)(line)


def complain(message: str) -> None:
    """Print one line on standard error, unless nobody reads it any more: the terminal may be what has just gone."""
    with suppress(OSError):
        print(one_line(message), file=sys.stderr, flush=True)


def listing(title: str, lines: Iterable[str]) -> None:
    """Print a source on standard error, each line with its number."""
    text = "\n".join([one_line(title), *(f"{number:5}  {each}" for number, each in enumerate(lines, start=1))])
    typer.echo(plain(text), err=True)


@contextmanager
def long_work(resume: str) -> Iterator[Listener]:
    """A listener for work that takes a while. Ctrl-C ends it with one line, ``resume``, and exit code 130.

    Raises:
        MissingDependencyError: a package of an extra is not installed; the line names the extra.
    """
    try:
        if sys.stderr.isatty():
            with _on_terminal() as bars:
                yield _Bars(bars)
        else:
            yield Paced(lambda *step: complain(line(*step)))
    except KeyboardInterrupt:
        complain(f"edgecompress: interrupted; {resume}")
        raise typer.Exit(130) from None
    except ModuleNotFoundError as error:
        raise needs_extra(error) from error


def _on_terminal() -> "Progress":
    # Not imported with this module: every command prints, and few have a terminal to draw on.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Progress(*columns, console=Console(stderr=True))


def warn(message: str) -> None:
    """One warning on standard error."""
    complain(f"edgecompress: warning: {message}")
