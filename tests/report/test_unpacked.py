from pathlib import Path

from edgecompress.report.unpacked import unpacked
from edgecompress.report.writers.csv import csv


def test_a_row_a_file_that_was_written(tmp_path):
    model, weights = tmp_path / "model.onnx", tmp_path / "weights.bin"
    model.write_bytes(b"1234")
    weights.write_bytes(b"")
    assert csv(unpacked([model, weights]), Path()).splitlines() == ["file,bytes", f"{model},4", f"{weights},0"]
