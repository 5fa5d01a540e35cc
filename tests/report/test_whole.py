from collections import Counter
from datetime import UTC, datetime

import pytest

from edgecompress.errors import InputError
from edgecompress.report.charts import MOST_NAMES
from edgecompress.report.found import find
from edgecompress.report.whole import whole

from . import documents


def test_the_sections_in_their_order(found):
    document = whole(found, made=datetime(2026, 5, 6, 7, 8, tzinfo=UTC))
    keys = [section.key for section in document.sections]
    assert keys == ["short", "paper", "front", "sizes", "latency", "sustained", "layers", "search", "records"]
    assert document.made.startswith(
        "4 benchmarks, 1 bundle, 1 search, 3 study cells, 1 study. Made 2026-05-06 07:08 UTC by edgecompress "
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("no bytes", lambda each: each["files"]["model.onnx"].update(bytes=0)),
        ("a time beyond all numbers", lambda each: each["files"]["model.onnx"]["memory"].update(load_ns=10**400)),
    ],
)
def test_a_record_that_nothing_can_be_computed_from_costs_a_note(tmp_path, name, change):
    absurd = documents.bench()
    change(absurd)
    documents.write(tmp_path / "absurd", record=absurd)
    with pytest.raises(InputError, match=r"absurd.*cannot be computed with"):
        whole(find([tmp_path]))
    documents.write(tmp_path / "sound", record=documents.sustained(), manifest=documents.manifest())
    document = whole(find([tmp_path]))
    assert [source.path.parent.name for source in document.sources] == ["sound", "sound"]
    assert len(document.left_out) == 1
    assert document.left_out[0].startswith(f"left out: {tmp_path / 'absurd' / 'record.json'}: its figures")


@pytest.mark.parametrize("data", ["Digits", "UCI-HAR"])
def test_more_builds_than_can_be_drawn_are_all_in_the_tables(tmp_path, data):
    """Of UCI-HAR the paper has figures; of Digits none is compared with it, and none is drawn for that reason."""
    for i in range(70):
        one = documents.manifest() | {"created": f"2026-01-01T00:00:{i:02}+00:00"}
        one["data"] = one["data"] | {"name": data}
        documents.write(tmp_path / f"build{i}", manifest=one)
    document = whole(find([tmp_path]))
    figures = {figure.key: figure for section in document.sections for figure in section.figures}
    assert len(figures["pairs"].table.rows) == 70
    assert len(figures["sizes-bundles"].table.rows) == 70 * 4
    for key in ("pairs", "sizes-bundles"):
        (chart,) = figures[key].charts
        (marks,) = (chart.draw(400)["data"]["values"],)
        assert 0 < len(marks) <= 4 * MOST_NAMES


def test_what_there_is_nothing_of_is_left_out(tmp_path):
    document = whole(find([documents.write(tmp_path, search=documents.search())]))
    assert [section.key for section in document.sections] == ["layers", "search", "records"]


def test_every_row_has_a_cell_for_each_column_a_key_of_its_own_and_a_record(found):
    document = whole(found)
    figures = [figure for section in document.sections for figure in section.figures]
    rows = [(figure, row) for figure in figures for row in figure.table.rows]
    assert all(len(row.cells) == len(figure.table.columns) for figure, row in rows)
    assert max(Counter(row.key for _, row in rows).values()) == 1
    assert max(Counter(figure.key for figure in figures).values()) == 1
    known = {source.id for source in found.sources}
    assert all(row.records and set(row.records) <= known for _, row in rows)


def test_every_record_is_named_by_a_row(found):
    named = {record for s in whole(found).sections for f in s.figures for row in f.table.rows for record in row.records}
    assert named == {source.id for source in found.sources}


def test_no_row_shows_a_time_of_an_emulated_machine(found):
    for section in whole(found).sections:
        for figure in section.figures:
            for row in (row for row in figure.table.rows if row.taken == "emulated"):
                shown = zip(figure.table.columns, row.cells, strict=True)
                assert all(cell.value is None for column, cell in shown if column.unit == "ms"), row
