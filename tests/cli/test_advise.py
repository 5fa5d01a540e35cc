import json


def test_measured_once_and_known_from_then_on(edgecompress, tmp_path):
    asked = ("advise", "alexnet", "--target", "rpi4", "--width", "0.125")
    done = edgecompress(*asked)
    assert done.returncode == 2
    assert "edgecompress advise alexnet --target rpi4 --measure --device NAME" in done.stderr

    done = edgecompress(*asked, "--measure", "--mode", "quick", "--threads", "1", "-o", "r.json")
    assert done.returncode == 0, done.stderr
    assert "NOT on rpi4" in " ".join(done.stdout.split())
    kept = json.loads((tmp_path / "r.json").read_text())

    done = edgecompress(*asked, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["created"] == kept["created"]
    assert found["on_target"] is False
    (entry,) = json.loads(edgecompress("records", "list", "--kind", "micro", "--json").stdout)
    assert entry["id"] == found["record"]
    assert edgecompress("advise", "alexnet", "--target", "rpi4", "--width", "0.25").returncode == 2


def test_wrong_inputs(refused):
    assert "unknown target 'rpi6'" in refused("advise", "alexnet", "--target", "rpi6")
    assert "did you mean 'alexnet'" in refused("advise", "alexnot", "--target", "rpi4")
    assert "--output is for the record of --measure" in refused("advise", "alexnet", "--target", "rpi4", "-o", "x")
