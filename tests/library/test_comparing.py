import json
from pathlib import Path

import pytest

import edgecompress as ec
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError

OLD = Path(__file__).parents[1] / "golden" / "bench-1.json"


def test_records_in_memory_and_in_files_are_held_against_limits(tmp_path):
    document = json.loads(OLD.read_text())
    latency = document["files"]["model.onnx"]["latency"]
    latency["samples_ns"] = [2 * each for each in latency["samples_ns"]]
    (tmp_path / "worse.json").write_text(json.dumps(document))
    found = ec.compare(BenchRecord.from_file(OLD), tmp_path / "worse.json", fail_on="p50>10%,size>2MB")
    assert [(each.limit, each.broken) for each in found.limits if each.file == "model.onnx"] == [
        ("p50>10%", True),
        ("size>2MB", False),
    ]
    (row,) = (each for each in found.rows if (each.file, each.metric) == ("model.onnx", "p50"))
    assert (row.ratio, row.verdict) == (pytest.approx(2), "slower")
    assert {each.file for each in ec.compare(OLD, OLD, files=["dense.onnx"]).rows} == {"dense.onnx"}


def test_what_is_wrong_is_one_line(tmp_path):
    with pytest.raises(InputError, match="p90 needs a unit"):
        ec.compare(OLD, OLD, fail_on=["p90>20"])
    with pytest.raises(InputError, match=r"cannot read absent\.json"):
        ec.compare(OLD, "absent.json")
