import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema


def with_two_graphs(path, place):
    """The model of ``path`` with its graph twice, which is what a branch or a loop looks like from outside."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    model.subgraphs = model.subgraphs * 2
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    place.write_bytes(bytes(builder.Output()))
    return place


def test_each_operator_of_an_onnx_file_is_timed(agent, files, data):
    job = {"file": str(files["onnx"][0]), "threads": 1, "runs": 12, "warmup": 3, "inputs": str(data)}
    code, events, _ = agent("profile", job)
    assert code == 0
    event = events[-1]
    assert (event["runs"], event["note"]) == (12, None)
    assert {(node["op_type"], node["provider"], node["calls"]) for node in event["nodes"]} == {
        ("Flatten", "CPUExecutionProvider", 12),
        ("Gemm", "CPUExecutionProvider", 12),
    }
    assert event["run_p50_us"] >= max(node["p50_us"] for node in event["nodes"])


def test_each_operator_of_a_tflite_file_is_timed_alone(agent, files, data):
    job = {"file": str(files["tflite"][0]), "layout": "channels_last", "threads": 1, "runs": 12, "inputs": str(data)}
    code, events, _ = agent("profile", job)
    assert code == 0
    event = events[-1]
    assert (event["runs"], event["method"], event["note"]) == (12, "operators alone", None)
    (node,) = event["nodes"]
    said = {"name": "y", "op_type": "FULLY_CONNECTED", "provider": "XNNPACK", "calls": 12, "share": 1}
    assert {**node, **said} == node
    assert event["together"] > 0


def test_what_has_no_operators_alone_says_why_and_fails_nothing(agent, files, tmp_path):
    path = with_two_graphs(files["tflite"][0], tmp_path / "two.tflite")
    job = {"file": str(path), "layout": "channels_last", "threads": 1}
    code, events, _ = agent("profile", job)
    assert code == 0
    assert (events[-1]["nodes"], events[-1]["runs"], events[-1]["run_p50_us"]) == ([], 0, None)
    assert events[-1]["note"] == "not offered: its graph has branches or loops"


@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_nothing_is_left_in_the_folder(agent, files, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, layout = files[kind]
    agent("profile", {"file": str(path), "layout": layout, "threads": 1, "runs": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]
