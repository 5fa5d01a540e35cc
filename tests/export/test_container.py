from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.export.container import check_free, is_container, take_out

GOLDEN = Path(__file__).parents[1] / "golden"


def test_a_container_is_known_by_what_it_is_or_is_called(tmp_path):
    (tmp_path / "renamed.bin").write_bytes((GOLDEN / "arrays.ecz").read_bytes())
    (tmp_path / "text.ecz").write_text("no container")
    (tmp_path / "model.onnx").write_bytes(b"")
    assert [is_container(tmp_path / name) for name in ("renamed.bin", "text.ecz", "model.onnx")] == [True, True, False]
    with pytest.raises(InputError, match=r"not an \.ecz container"):
        take_out(tmp_path / "text.ecz", tmp_path / "out.onnx")


def test_a_folder_is_never_replaced(tmp_path):
    check_free(tmp_path / "absent", force=False)
    for force in (True, False):
        with pytest.raises(InputError, match="exists already"):
            check_free(tmp_path, force=force)


def test_a_damaged_container_leaves_nothing_behind(tmp_path):
    (tmp_path / "cut.ecz").write_bytes((GOLDEN / "arrays.ecz").read_bytes()[:-1])
    with pytest.raises(InputError, match="ends too early"):
        take_out(tmp_path / "cut.ecz", tmp_path / "out.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.ecz"]
