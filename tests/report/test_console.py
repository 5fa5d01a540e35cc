import os
import pty

from rich.table import Table

from edgecompress.report.console import PIPED_COLUMNS, columns, text_console


def test_a_pipe_is_as_wide_as_tables_are_and_a_terminal_as_it_is(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert columns() == PIPED_COLUMNS
    monkeypatch.setenv("COLUMNS", "72")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        assert columns() == 72
    os.close(ours)


def test_what_is_printed_is_text_and_no_orders():
    table = Table("[/x]", "b")
    table.add_row("[bold]\x1b[2Jname[/]", ":warning:")
    console, stream = text_console(80)
    console.print(table)
    console.print("[/x] \x9b31m", "[link=http://x]y")
    text = stream.getvalue()
    assert "[/x]" in text
    assert r"[bold]\x1b[2Jname[/]" in text
    assert ":warning:" in text
    assert r"[/x] \x9b31m [link=http://x]y" in text
    assert not {"\x1b", "\x9b"} & set(text)


def test_in_a_notebook_it_is_text_too(monkeypatch):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    console, stream = text_console(80)
    console.print("a table")
    assert stream.getvalue() == "a table\n"
