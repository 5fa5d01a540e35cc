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


def test_a_runtime_without_a_profiler_says_so(agent, files):
    code, events, _ = agent("profile", {"file": str(files["tflite"][0]), "layout": "channels_last", "threads": 1})
    assert code == 0
    assert (events[-1]["nodes"], events[-1]["runs"]) == ([], 0)
    assert events[-1]["note"].startswith("not offered by this runtime")


def test_nothing_is_left_in_the_folder(agent, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    agent("profile", {"file": str(files["onnx"][0]), "threads": 1, "runs": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]
