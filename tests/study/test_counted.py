from edgecompress.study.counted import counted
from edgecompress.study.records import Count
from edgecompress.study.store import Store

FOUND = Count(correct=9, total=10)


def never():
    raise AssertionError("it was counted already")


def test_a_stage_is_counted_once(tmp_path):
    stage = tmp_path / "abc.safetensors"
    assert counted(stage, lambda: FOUND) == FOUND
    assert counted(stage, never) == FOUND
    other = Count(correct=1, total=10)
    assert counted(tmp_path / "def.safetensors", lambda: other) == other


def test_what_is_damaged_is_counted_again(tmp_path):
    stage = tmp_path / "abc.safetensors"
    counted(stage, lambda: Count(correct=1, total=10))
    (tmp_path / "abc.test.json").write_text('{"correct": 11, "total": 10}')
    assert counted(stage, lambda: FOUND) == FOUND
    assert counted(stage, never) == FOUND


def test_machines_that_share_no_folder_take_it_from_the_artefacts(tmp_path):
    artefacts = Store(str(tmp_path / "shared"))
    assert counted(tmp_path / "one" / "abc.safetensors", lambda: FOUND, artefacts) == FOUND
    assert counted(tmp_path / "two" / "abc.safetensors", never, artefacts) == FOUND
    assert counted(tmp_path / "two" / "abc.safetensors", never) == FOUND
