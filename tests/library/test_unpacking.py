from pathlib import Path

import pytest

import edgecompress as ec
from edgecompress.errors import InputError

GOLDEN = Path(__file__).parents[1] / "golden"


def test_a_container_gives_its_files_under_its_names_or_under_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ec.unpack(GOLDEN / "arrays.ecz") == [Path("model.onnx")]
    assert ec.unpack(str(GOLDEN / "arrays.ecz"), tmp_path / "other.onnx") == [tmp_path / "other.onnx"]
    assert (tmp_path / "other.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()
    (tmp_path / "folder").mkdir()
    found = ec.unpack(GOLDEN / "external.ecz", tmp_path / "folder")
    assert [path.name for path in found] == ["model.onnx", "weights.bin"]
    assert all(path.is_file() for path in found)


def test_what_is_there_is_replaced_only_by_force(tmp_path):
    (tmp_path / "mine.onnx").write_text("mine")
    with pytest.raises(InputError, match=r"mine\.onnx exists already; .*force=True"):
        ec.unpack(GOLDEN / "arrays.ecz", tmp_path / "mine.onnx")
    assert (tmp_path / "mine.onnx").read_text() == "mine"
    ec.unpack(GOLDEN / "arrays.ecz", tmp_path / "mine.onnx", force=True)
    assert (tmp_path / "mine.onnx").read_bytes()[:4] != b"mine"


def test_a_packed_file_needs_a_name_for_the_dense_one(tmp_path):
    (tmp_path / "packed.onnx").write_bytes(b"anything")
    with pytest.raises(InputError, match="name the dense file"):
        ec.unpack(tmp_path / "packed.onnx")
    with pytest.raises(InputError, match="cannot read"):
        ec.unpack(tmp_path / "absent.ecz")
