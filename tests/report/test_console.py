from rich.table import Table

from edgecompress.report.console import console


def test_piped_a_long_line_is_one_line(capsys):
    console().print("word " * 30)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_is_printed_is_text_and_no_orders(capsys):
    table = Table("[/x]", "b")
    table.add_row("[bold]\x1b[2Jname[/]", ":warning:")
    console().print(table)
    console().print("[/x] \x9b31m", "[link=http://x]y")
    out = capsys.readouterr().out
    assert "[/x]" in out
    assert r"[bold]\x1b[2Jname[/]" in out
    assert ":warning:" in out
    assert r"[/x] \x9b31m [link=http://x]y" in out
    assert not {"\x1b", "\x9b"} & set(out)
