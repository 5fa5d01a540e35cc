import csv

import pytest

from ..report import documents


@pytest.fixture
def records(tmp_path):
    return documents.write(tmp_path / "records", record=documents.bench(), manifest=documents.manifest())


def test_a_folder_becomes_a_page(edgecompress, records, tmp_path):
    done = edgecompress("report", records, "-o", "out/page.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("out/page.html: 1 bundle, 1 benchmark. Made ")
    text = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert text.lstrip().startswith("<!doctype html>")
    assert "../records/record.json" in text


def test_this_folder_is_where_it_looks_if_not_told(edgecompress, records, tmp_path):
    done = edgecompress("report", "--format", "csv")
    assert done.returncode == 0, done.stderr
    lines = list(csv.DictReader((tmp_path / "report.csv").open()))
    assert {"records/record.json", "records/manifest.json"} <= {line["records"] for line in lines}


def test_markdown_and_what_was_passed_over(edgecompress, records, tmp_path):
    documents.write(records, other={"a": 1})
    done = edgecompress("report", records, "--format", "markdown")
    assert "warning: passed over, no records: " in done.stderr
    assert "other.json" in done.stderr
    assert (tmp_path / "report.md").read_text().startswith("# Compression report")


def test_wrong_inputs(refused, records, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no records in empty" in refused("report", "empty")
    assert "absent is not there" in refused("report", "absent")
    documents.write(tmp_path, other={"a": 1}, newer=documents.bench() | {"schema_version": 3})
    assert "other.json is no record" in refused("report", "other.json")
    assert "schema_version 3 of a bench record is newer" in refused("report", "newer.json")
    documents.write(records, second=documents.bench() | {"seconds": 1.0})
    assert "two records of one benchmark and differ" in refused("report", records)
    assert "is not a folder that can be written to" in refused("report", "other.json", "--output", "other.json/r.html")
    assert "choose from: csv, html, markdown, terminal" in refused("report", "other.json", "--format", "pdf")
    assert not (tmp_path / "report.html").exists()
