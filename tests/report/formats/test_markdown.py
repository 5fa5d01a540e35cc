import re

from edgecompress.report.formats.markdown import markdown


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
