import json


def test_this_machine_is_looked_at(edgecompress):
    done = edgecompress("doctor")
    assert done.returncode == 0, done.stderr
    assert "onnxruntime" in done.stdout
    assert json.loads(edgecompress("doctor", "--json").stdout)[0]["subject"] == "connection"


def test_a_fault_is_told_by_the_exit_code(edgecompress):
    done = edgecompress("doctor", "--device", "ssh://nobody@127.0.0.1:1")
    assert done.returncode == 3
    assert "FAULT" in done.stdout
    assert "cannot be measured on yet: connection" in done.stderr
