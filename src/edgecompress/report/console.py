"""The console that tables are printed on."""

from rich.console import Console

PIPED_COLUMNS = 160


def console() -> Console:
    """Standard output. In a pipe or a file a table is not cut to the 80 columns that no terminal asked for."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=PIPED_COLUMNS)
