import json

import pytest

from edgecompress.agent.accelerator import NONE
from edgecompress.agent.engines import load_profiled
from edgecompress.agent.engines.onnxruntime_profile import read
from edgecompress.agent.errors import JobError


def node(name, op, microseconds, provider="CPUExecutionProvider"):
    arguments = {"op_name": op, "provider": provider}
    return {"cat": "Node", "name": f"{name}_kernel_time", "dur": microseconds, "args": arguments}


def run(microseconds):
    return {"cat": "Session", "name": "model_run", "dur": microseconds, "args": {}}


@pytest.fixture
def written(tmp_path):
    def write(*events):
        path = tmp_path / "profile.json"
        path.write_text(json.dumps(events))
        return path

    return write


def test_times_are_summed_up_by_node_without_the_first_runs(written):
    before = {"cat": "Node", "name": "a_fence_before", "dur": 3, "args": {"op_name": "Conv"}}  # of older releases
    first = [node("a", "Conv", 9000), run(9001)]
    second = [before, node("a", "Conv", 50), node("", "Gemm", 10, "CUDAExecutionProvider"), run(100)]
    third = [node("a", "Conv", 70), node("", "Gemm", 20, "CUDAExecutionProvider"), run(100)]
    seen = read(written({"cat": "Session", "name": "model_loading"}, *first, *second, *third), 1)
    nodes, runs = seen.nodes, seen.runs_us
    assert (seen.method, seen.together) == ("profiler", None)
    assert runs == [100, 100]
    assert [each["name"] for each in nodes] == ["a", "Gemm"]  # the slowest first; one without a name is its operator
    conv = {
        "op_type": "Conv",
        "provider": "CPUExecutionProvider",
        "calls": 2,
        "mean_us": 60,
        "p50_us": 60,
        "share": 0.6,
    }
    assert nodes[0] == {"name": "a", **conv}
    assert (nodes[1]["provider"], nodes[1]["share"]) == ("CUDAExecutionProvider", 0.15)


def test_what_the_runtime_really_writes_is_read(files, x, tmp_path):
    engine, finish = load_profiled(files["onnx"][0], 1, NONE, tmp_path)
    for row in x[:5]:
        engine.run({"x": row[None]})
    nodes, runs, *_ = finish(2)
    assert len(runs) == 3
    assert {(each["op_type"], each["calls"]) for each in nodes} == {("Flatten", 3), ("Gemm", 3)}
    assert 0 <= sum(each["share"] for each in nodes) <= 1


def test_a_profile_that_was_cut_short_is_one_line(written, tmp_path):
    path = written(node("a", "Conv", 1), run(2))
    with pytest.raises(JobError, match="has no run: is the disk full"):
        read(path, 1)
    path.write_text(path.read_text()[:-30])
    with pytest.raises(JobError, match="cannot read onnxruntime's profile"):
        read(path, 0)
    with pytest.raises(JobError, match="cannot read onnxruntime's profile"):
        read(tmp_path / "absent", 0)
