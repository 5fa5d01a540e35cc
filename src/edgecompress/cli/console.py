"""What all commands print with: progress bars on a terminal and plain lines elsewhere, both on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from edgecompress.errors import MissingDependencyError
from edgecompress.progress import Progress as Listener

SECONDS_BETWEEN_LINES = 15.0
EXTRAS = {
    "torch": "train",
    "onnxscript": "train",
    "safetensors": "train",
    "torch_pruning": "train",
    "sklearn": "train",
    "onnxruntime": "bench",
    "ai_edge_litert": "bench",
    "psutil": "bench",
    "sqlalchemy": "bench",
    "optuna": "search",
    "psycopg": "postgres",
    "mlflow": "mlflow",
    "fsspec": "study",
    "ray": "ray",
    "jinja2": "report",
    "vl_convert": "report",
    "PIL": "images",
}


class _Lines:
    """A line when a title begins, when it is done, and every 15 seconds between."""

    def __init__(self) -> None:
        self.title = ""
        self.last = 0.0

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        now = time.monotonic()
        if title == self.title and done < total and now - self.last < SECONDS_BETWEEN_LINES:
            return
        self.title, self.last = title, now
        part = f" {done}/{total}" if total > 1 else ""
        print(f"{title}{part}{': ' + note if note else ''}", file=sys.stderr, flush=True)


class _Bars:
    """One rich bar a title."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, title: str, done: int, total: int, note: str = "", /) -> None:
        if title not in self.tasks:
            self.tasks[title] = self.bars.add_task(title, total=total, note="")
        self.bars.update(self.tasks[title], completed=done, total=total, note=note)


@contextmanager
def long_work(resume: str) -> Iterator[Listener]:
    """A listener for work that takes a while. Ctrl-C ends it with one line, ``resume``, and exit code 130.

    Raises:
        MissingDependencyError: a package of an extra is not installed; the line names the extra.
    """
    try:
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
            )
            with Progress(*columns, console=Console(stderr=True)) as bars:
                yield _Bars(bars)
        else:
            yield _Lines()
    except KeyboardInterrupt:
        print(f"edgecompress: interrupted; {resume}", file=sys.stderr)
        raise typer.Exit(130) from None
    except ModuleNotFoundError as error:
        raise needs_extra(error) from error


def needs_extra(error: ModuleNotFoundError) -> Exception:
    """The error to raise for a module that is not installed: the extra that brings it, or the error itself."""
    name = (error.name or "").split(".")[0]
    if name not in EXTRAS:
        return error
    extra = EXTRAS[name]
    return MissingDependencyError(f"this needs {name}, which is not installed: pip install 'edgecompress[{extra}]'")


def warn(message: str) -> None:
    """One warning on standard error."""
    print(f"edgecompress: warning: {' '.join(message.split())}", file=sys.stderr)
