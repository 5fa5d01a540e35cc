import re

from edgecompress.report.writers.markdown import markdown


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_line_of_a_table_has_as_many_cells_as_its_header(record, manifest):
    lines = markdown(record, manifest).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| file"))
    table = lines[start : lines.index("", start)]
    assert len(table) == 2 + len(record.files)
    assert {len(cells(line)) for line in table} == {13}
    row = dict(zip(cells(table[0]), cells(table[-1]), strict=True))
    assert row["file"] == "**`model.onnx`** (to take)"
    assert row["smaller"] == "40.0x"
    assert row["p50 / dense (95 % interval)"] == "1.250 (1.200 to 1.300)"
    assert (row["verdict"], row["accuracy %"], row["drop, points"]) == ("slower", "92.50", "1.25")
    failed = dict(zip(cells(table[0]), cells(table[2]), strict=True))
    assert (failed["verdict"], failed["p50 ms"]) == ("failed", "-")


def test_cautions_paper_and_date_are_there(record, manifest):
    text = markdown(record, manifest)
    for words in (
        "**Not the board",
        "< 0.5 %",
        "abstract only",
        "Measured 2024-05-06T07:08:09+00:00",
        "SIGSEGV \\| sorry",
    ):
        assert words in text
