import json

import pytest

ASKED = ("advise", "alexnet", "--target", "rpi4", "--width", "0.125")


def test_from_a_record_of_the_store_and_without_one_how_to_make_it(edgecompress, refused, micro_record, tmp_path):
    assert "edgecompress advise alexnet --target rpi4 --measure --device NAME" in refused(*ASKED)
    place = micro_record.place.model_copy(update={"profile": "rpi4"})
    for name, record in (("here", micro_record), ("there", micro_record.model_copy(update={"place": place}))):
        (tmp_path / f"{name}.json").write_text(record.to_json())

    assert edgecompress("records", "import", "here.json").returncode == 0
    done = edgecompress(*ASKED)
    assert done.returncode == 0, done.stderr
    assert "NOT on rpi4" in " ".join(done.stdout.split())

    assert edgecompress("records", "import", "there.json").returncode == 0
    done = edgecompress(*ASKED, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["on_target"] is True
    (entry,) = json.loads(edgecompress("records", "list", "--target", "rpi4", "--json").stdout)
    assert entry["id"] == found["record"]
    assert "no record of alexnet like this" in refused("advise", "alexnet", "--target", "rpi4", "--width", "0.25")


@pytest.mark.slow
def test_measured_once_and_known_from_then_on(edgecompress, tmp_path):
    done = edgecompress(*ASKED, "--measure", "--mode", "quick", "--threads", "1", "-o", "r.json")
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "r.json").read_text())
    found = json.loads(edgecompress(*ASKED, "--json").stdout)
    assert found["created"] == kept["created"]
    (entry,) = json.loads(edgecompress("records", "list", "--kind", "micro", "--json").stdout)
    assert entry["id"] == found["record"]


def test_wrong_inputs(refused):
    assert "unknown target 'rpi6'" in refused("advise", "alexnet", "--target", "rpi6")
    assert "did you mean 'alexnet'" in refused("advise", "alexnot", "--target", "rpi4")
    assert "--output is for the record of --measure" in refused("advise", "alexnet", "--target", "rpi4", "-o", "x")
