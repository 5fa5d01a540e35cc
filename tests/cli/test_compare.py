import json
from pathlib import Path

import pytest

OLD = Path(__file__).parents[2] / "tests" / "golden" / "bench-1.json"


@pytest.fixture
def worse(tmp_path):
    """The record with model.onnx half as fast again."""
    document = json.loads(OLD.read_text())
    latency = document["files"]["model.onnx"]["latency"]
    latency["samples_ns"] = [int(1.5 * each) for each in latency["samples_ns"]]
    (tmp_path / "worse.json").write_text(json.dumps(document))
    return tmp_path / "worse.json"


def test_within_the_limits_is_0_and_beyond_is_3_with_the_table_printed(edgecompress, worse):
    done = edgecompress("compare", OLD, worse, "--fail-on", "acc_drop>0.5,size>2MB")
    assert done.returncode == 0, done.stderr
    assert "slower" in done.stdout
    done = edgecompress("compare", OLD, worse, "--fail-on", "acc_drop>0.5,p50>10%", "--fail-on", "p90>1s")
    assert done.returncode == 3
    assert "BROKEN: p50>10%: model.onnx" in done.stdout
    assert "kept: p90>1s: model.onnx" in done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert line == "edgecompress: B is beyond its limits: p50>10% by model.onnx"


def test_json_for_ci_and_a_record_of_the_store(edgecompress, worse, tmp_path):
    number = edgecompress("records", "import", OLD).stdout.split()[0]
    done = edgecompress("compare", number, worse, "--fail-on", "p50>10%", "--json", "-o", "out/found.json")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "out" / "found.json").read_text())
    assert found["a"]["id"].startswith(number)
    assert [limit["broken"] for limit in found["limits"]] == [True, False]


def test_wrong_inputs(refused, worse, tmp_path):
    assert "p90 needs a unit" in refused("compare", OLD, worse, "--fail-on", "p90>20")
    assert "cannot read absent.json" in refused("compare", "absent.json", worse)
    assert "is not a folder that can be written to" in refused("compare", OLD, worse, "--output", worse / "c.json")
    assert "unknown name in --allow 'gov'" in refused("compare", OLD, worse, "--allow", "gov")
    document = json.loads(OLD.read_text())
    (tmp_path / "other.json").write_text(json.dumps({**document, "threads": 9}))
    line = refused("compare", OLD, "other.json")
    assert "not comparable: threads: 2 and 9" in line
    assert "--allow threads" in line
