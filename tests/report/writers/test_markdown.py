import re
from pathlib import Path

from edgecompress.report.bench import bench
from edgecompress.report.writers.markdown import markdown


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_line_of_a_table_has_as_many_cells_as_its_header(record, manifest):
    lines = markdown(bench(record, manifest), Path()).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| file"))
    table = lines[start : lines.index("", start)]
    assert len(table) == 2 + len(record.files)
    assert {len(cells(line)) for line in table} == {13}
    row = dict(zip(cells(table[0]), cells(table[-1]), strict=True))
    assert row["file"] == "**model.onnx** (to take)"
    assert row["smaller"] == "40.0x"
    assert row["p50 / dense (95 % interval)"] == "1.250 (1.200-1.300)"
    assert (row["verdict"], row["accuracy, %"], row["drop, points"]) == ("slower", "92.50", "1.25")
    failed = dict(zip(cells(table[0]), cells(table[2]), strict=True))
    assert (failed["verdict"], failed["p50, ms"]) == ("failed", "-")


def test_cautions_paper_and_date_are_there(record, manifest):
    text = markdown(bench(record, manifest), Path())
    for words in (
        "**Not the board",
        "&lt; 0.5 %",
        "abstract only",
        "Measured 2024-05-06T07:08:09+00:00",
        "SIGSEGV \\| sorry",
    ):
        assert words in text


def test_tables_are_rectangular(document, tmp_path):
    text = markdown(document, tmp_path)
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_figures_with_units_origin_and_record(document, records_of_every_kind):
    text = markdown(document, records_of_every_kind)
    assert "| network, data | paper: weights kept, one in | paper: average drop |" in text
    assert re.search(
        r"^\| model\.onnx \| onnxruntime 1\.32\.0 \| 1,476 \| 0\.318 .* \| measured \| R\d \|$", text, re.MULTILINE
    )
    assert "[digits/record.json]" not in text  # links say where the file was found ...
    assert "(digits/record.json)" in text  # ... and lead there from where the report is


def test_a_name_from_a_record_is_text_and_no_html_link_or_image(document, tmp_path):
    text = markdown(document, tmp_path)
    assert "alert" in text
    assert not re.search(r"<[a-zA-Z/!]", text)
    assert "[a](javascript" not in text
