from edgecompress.study.counted import counted
from edgecompress.study.records import Count
from edgecompress.study.store import StudyStore

FOUND = Count(correct=9, total=10)


def never():
    raise AssertionError("it was counted already")


def stage(folder, name="abc", content=b"weights"):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.safetensors"
    path.write_bytes(content)
    return path


def test_a_stage_is_counted_once(tmp_path):
    first = stage(tmp_path)
    assert counted(first, lambda: FOUND) == FOUND
    assert counted(first, never) == FOUND
    other = Count(correct=1, total=10)
    assert counted(stage(tmp_path, "def"), lambda: other) == other


def test_what_is_damaged_is_counted_again(tmp_path):
    first = stage(tmp_path)
    counted(first, lambda: Count(correct=1, total=10))
    kept = tmp_path / "abc.test.json"
    kept.write_text(kept.read_text().replace('"correct": 1', '"correct": 11'))
    assert counted(first, lambda: FOUND) == FOUND
    assert counted(first, never) == FOUND


def test_a_stage_that_was_computed_again_with_other_weights_is_counted_again(tmp_path):
    counted(stage(tmp_path), lambda: Count(correct=1, total=10))
    again = stage(tmp_path, content=b"rounded otherwise")
    assert counted(again, lambda: FOUND) == FOUND
    assert counted(again, never) == FOUND


def test_machines_that_share_no_folder_take_it_from_the_artefacts(tmp_path):
    artefacts = StudyStore(str(tmp_path / "shared"))
    assert counted(stage(tmp_path / "one"), lambda: FOUND, artefacts) == FOUND
    assert counted(stage(tmp_path / "two"), never, artefacts) == FOUND
    assert counted(stage(tmp_path / "two"), never) == FOUND
    # Its weights are others there, and so is its count.
    other = Count(correct=1, total=10)
    assert counted(stage(tmp_path / "three", content=b"rounded otherwise"), lambda: other, artefacts) == other
