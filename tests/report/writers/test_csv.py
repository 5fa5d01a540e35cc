import csv as standard_csv
import io

from edgecompress.report.writers.csv import csv


def test_a_spreadsheet_reads_back_what_the_record_holds(record, manifest):
    rows = {row["file"]: row for row in standard_csv.DictReader(io.StringIO(csv(record, manifest)))}
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
