from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"


def test_a_container_becomes_its_files(agent, tmp_path):
    job = {"file": str(GOLDEN / "external.ecz"), "output": "unpacked.onnx"}
    code, events, _ = agent("unpack", job)
    assert code == 0
    (event,) = [event for event in events if event["event"] == "unpacked"]
    assert event["files"] == ["unpacked.onnx", "weights.bin"]
    assert event["bytes"] == sum((tmp_path / name).stat().st_size for name in event["files"])


@pytest.mark.parametrize("content", [b"", b"no container", (GOLDEN / "rows.ecz").read_bytes()[:-1]])
def test_a_damaged_container_is_one_line(agent, tmp_path, content):
    (tmp_path / "model.ecz").write_bytes(content)
    code, events, errors = agent("unpack", {"file": "model.ecz", "output": "model.tflite"})
    assert (code, events[-1]["event"], errors) == (2, "error", "")
    assert "model.ecz" in events[-1]["message"]
    assert not (tmp_path / "model.tflite").exists()
