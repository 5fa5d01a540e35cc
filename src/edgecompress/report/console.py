"""The console that tables are drawn on as text. What comes from records and boards is text there, and no orders."""

import io
from typing import Any

from rich.console import Console
from rich.text import Text

from edgecompress.plain import plain

PIPED_COLUMNS = 160


class PlainConsole(Console):
    """A console that takes nothing in a text for markup, and shows control characters as escapes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Render text as rich does; each text of a line and each cell of a table goes through here."""
        return super().render_str(plain(text), **options)


def columns() -> int:
    """The width of the terminal. In a pipe or a file no table is cut to 80 columns, which nobody asked for there."""
    terminal = Console()
    return terminal.width if terminal.is_terminal else PIPED_COLUMNS


def text_console(width: int) -> tuple[Console, io.StringIO]:
    """A console of that width without colours, and what is printed on it; in a notebook too."""
    stream = io.StringIO()
    options = {"color_system": None, "highlight": False, "force_terminal": False, "force_jupyter": False}
    return PlainConsole(file=stream, width=width, **options), stream
