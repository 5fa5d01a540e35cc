import csv as standard_csv
import io
import json
from pathlib import Path

from edgecompress.report.bench import bench
from edgecompress.report.writers.csv import FIELDS, csv

from .. import documents


def test_a_spreadsheet_reads_back_what_the_record_holds(record, manifest):
    rows = {row["file"]: row for row in standard_csv.DictReader(io.StringIO(csv(bench(record, manifest), Path())))}
    assert set(rows) == set(record.files)
    model, failed = rows["model.onnx"], rows["dense.tflite"]
    assert float(model["p50_ns"]) == record.files["model.onnx"].latency.summary.p50
    assert int(model["bytes"]) == 100_000
    assert float(model["times_smaller"]) == 40
    assert float(model["latency_ratio_high"]) == 1.3
    assert float(model["weights_ratio"]) == 12.5
    assert model["verdict"] == "slower"
    assert (failed["p50_ns"], failed["accuracy_percent"], failed["verdict"]) == ("", "", "")
    assert "SIGSEGV" in failed["failures"]
    assert "Not the board" in model["cautions"]


def lines(document, folder):
    return list(standard_csv.DictReader(io.StringIO(csv(document, folder))))


def test_a_line_a_figure_with_unit_origin_and_record(document, records_of_every_kind):
    found = [
        line
        for line in lines(document, records_of_every_kind)
        if line["section"] == "Latency"
        and line["row"] == "model.onnx"
        and line["quantity"] == "p90"
        and line["records"] == "digits/record.json"
    ]
    (line,) = found
    assert tuple(line) == FIELDS
    record = json.loads((documents.REAL / "record.json").read_text())
    # Not rounded: what the record has.
    assert float(line["value"]) == record["files"]["model.onnx"]["latency"]["summary"]["p90"] / 1e6
    assert (line["unit"], line["taken"]) == ("ms", "measured")


def test_what_was_not_measured_has_no_line(document, tmp_path):
    assert all(line["value"] not in ("", "-", "None") for line in lines(document, tmp_path))
    emulated = [line for line in lines(document, tmp_path) if line["taken"] == "emulated"]
    assert emulated
    assert not [line for line in emulated if line["unit"] == "ms"]


def test_a_name_from_a_record_is_no_formula(document, tmp_path):
    found = lines(document, tmp_path)
    assert any(documents.NAME in line["row"] for line in found)
    for line in found:
        assert not any(text.startswith(("=", "@", "+")) for name, text in line.items() if name != "value")
        assert not line["value"].startswith(("=", "@", "+"))
