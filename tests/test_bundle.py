import json
import shutil

import pytest

from edgecompress import bundle
from edgecompress.errors import InputError


@pytest.fixture
def copy(small_bundle, tmp_path):
    return shutil.copytree(small_bundle, tmp_path / "copy")


def test_a_bundle_is_whole(small_bundle):
    manifest = bundle.load(small_bundle)
    listed = {*manifest.models, *manifest.files, bundle.MANIFEST}
    assert {path.name for path in small_bundle.iterdir()} == listed
    assert set(manifest.models) == {"model.onnx", "dense.onnx", "model.tflite", "dense.tflite"}
    assert set(manifest.files) == {"eval.npz", "README.md", "model.onnx.ecz", "model.tflite.ecz"}


def test_a_changed_or_missing_file_is_named(copy):
    data = bytearray((copy / "model.onnx").read_bytes())
    data[1000] ^= 1
    (copy / "model.onnx").write_bytes(data)
    with pytest.raises(InputError, match=r"model\.onnx is not the file that build wrote"):
        bundle.load(copy)
    (copy / "model.onnx").unlink()
    with pytest.raises(InputError, match=r"model\.onnx is missing"):
        bundle.load(copy)


def test_a_manifest_cannot_point_outside_its_folder(copy):
    text = (copy / "manifest.json").read_text().replace('"eval.npz"', '"../../secret"')
    (copy / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="not a plain name"):
        bundle.load(copy)


def test_a_folder_without_a_manifest_and_a_manifest_of_another_schema(tmp_path, copy):
    with pytest.raises(InputError, match="not a bundle"):
        bundle.load(tmp_path / "nowhere")
    document = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(InputError, match="schema_version"):
        bundle.load(copy)


def test_only_a_bundle_or_nothing_is_replaced(tmp_path, copy):
    bundle.check_replaceable(tmp_path / "new")
    bundle.check_replaceable(copy)
    (tmp_path / "empty").mkdir()
    bundle.check_replaceable(tmp_path / "empty")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").touch()
    with pytest.raises(InputError, match="not a bundle; choose another folder"):
        bundle.check_replaceable(tmp_path / "thesis")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        bundle.check_replaceable(tmp_path / "file")
    with pytest.raises(InputError, match="file is not a folder"):
        bundle.check_replaceable(tmp_path / "file" / "deep" / "bundle")


def test_a_build_that_fails_leaves_the_old_bundle_and_nothing_beside_it(copy):
    before = sorted(path.name for path in copy.parent.iterdir())
    with pytest.raises(KeyboardInterrupt), bundle.staged(copy) as staging:
        (staging / "model.onnx").write_bytes(b"half")
        raise KeyboardInterrupt
    bundle.load(copy)
    assert sorted(path.name for path in copy.parent.iterdir()) == before


def test_a_rebuilt_bundle_keeps_the_records_measured_before(copy):
    (copy / "bench").mkdir()
    (copy / "bench" / "local.json").write_text("{}")
    with bundle.staged(copy) as staging:
        (staging / "new").touch()
    assert (copy / "new").is_file()
    assert (copy / "bench" / "local.json").is_file()
    assert not (copy / "model.onnx").exists()
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_the_newest_is_the_one_that_was_made_last_whatever_the_file_dates_say(tmp_path):
    def made(name, text):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "manifest.json").write_text(text)

    assert bundle.newest(tmp_path) is None
    marks = '"stages": [], "ratios": {}, "models": {}'
    made("new", f'{{"created": "2026-03-02T10:00:00+00:00", {marks}}}')
    made("study/cells/old", f'{{"created": "2026-03-01T10:00:00+00:00", {marks}}}')
    made("broken", '{"created": "2027')
    made("other", '{"created": "2027-01-01T00:00:00+00:00"}')
    assert bundle.newest(tmp_path) == (tmp_path / "new", "2026-03-02T10:00:00+00:00")
    assert bundle.newest(tmp_path / "nowhere") is None
