from edgecompress.report.console import console


def test_piped_a_long_line_is_one_line(capsys):
    console().print("word " * 30)
    assert len(capsys.readouterr().out.splitlines()) == 1
