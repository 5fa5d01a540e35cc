import numpy as np
import pytest

from edgecompress.study.counted import counted
from edgecompress.study.store import StudyStore

FOUND = np.array([True] * 9 + [False] * 2)
OTHER = ~FOUND


def same(found, expected):
    assert found.dtype == bool
    return np.array_equal(found, expected)


def never():
    raise AssertionError("it was counted already")


def stage(folder, name="abc", content=b"weights"):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.safetensors"
    path.write_bytes(content)
    return path


def test_a_stage_is_counted_once(tmp_path):
    first = stage(tmp_path)
    assert same(counted(first, lambda: FOUND), FOUND)
    assert same(counted(first, never), FOUND)
    assert same(counted(stage(tmp_path, "def"), lambda: OTHER), OTHER)


@pytest.mark.parametrize(
    ("before", "damaged"), [('"right": "', '"right": "AAAA'), ('"right": "', '"right": "!'), (": 11", ": 3")]
)
def test_what_is_damaged_is_counted_again(tmp_path, before, damaged):
    first = stage(tmp_path)
    counted(first, lambda: OTHER)
    kept = tmp_path / "abc.test.json"
    whole = kept.read_text()
    kept.write_text(whole.replace(before, damaged))
    assert kept.read_text() != whole
    assert same(counted(first, lambda: FOUND), FOUND)
    assert same(counted(first, never), FOUND)


def test_a_stage_that_was_computed_again_with_other_weights_is_counted_again(tmp_path):
    counted(stage(tmp_path), lambda: OTHER)
    again = stage(tmp_path, content=b"rounded otherwise")
    assert same(counted(again, lambda: FOUND), FOUND)
    assert same(counted(again, never), FOUND)


def test_machines_that_share_no_folder_take_it_from_the_artefacts(tmp_path):
    artefacts = StudyStore(str(tmp_path / "shared"))
    assert same(counted(stage(tmp_path / "one"), lambda: FOUND, artefacts), FOUND)
    assert same(counted(stage(tmp_path / "two"), never, artefacts), FOUND)
    assert same(counted(stage(tmp_path / "two"), never), FOUND)
    # Its weights are others there, and so is its count.
    assert same(counted(stage(tmp_path / "three", content=b"rounded otherwise"), lambda: OTHER, artefacts), OTHER)
