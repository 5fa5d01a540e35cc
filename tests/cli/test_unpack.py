import shutil
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def test_under_the_name_in_the_container_and_under_another(edgecompress, tmp_path):
    done = edgecompress("unpack", GOLDEN / "arrays.ecz")
    assert done.returncode == 0, done.stderr
    size = (tmp_path / "model.onnx").stat().st_size
    assert done.stdout == f"model.onnx: {size:,} bytes\n"
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "other.onnx").returncode == 0
    assert (tmp_path / "other.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()
    # What the user names is replaced.
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "other.onnx").returncode == 0


def test_what_only_the_container_names_is_not_replaced(edgecompress, refused, tmp_path):
    (tmp_path / "model.onnx").write_text("mine")
    assert "model.onnx exists already" in refused("unpack", GOLDEN / "arrays.ecz")
    (tmp_path / "weights.bin").write_text("mine")
    assert "weights.bin exists already" in refused("unpack", GOLDEN / "external.ecz", "-o", "other.onnx")
    assert (tmp_path / "weights.bin").read_text() == (tmp_path / "model.onnx").read_text() == "mine"
    assert edgecompress("unpack", GOLDEN / "external.ecz", "-o", "folder/other.onnx").returncode == 0


def test_wrong_containers(edgecompress, refused, tmp_path):
    assert "absent.ecz" in refused("unpack", "absent.ecz")
    shutil.copy(GOLDEN / "SHA256SUMS", tmp_path / "text.ecz")
    assert "not an .ecz container" in refused("unpack", "text.ecz")
    (tmp_path / "cut.ecz").write_bytes((GOLDEN / "arrays.ecz").read_bytes()[:-1])
    done = edgecompress("unpack", "cut.ecz", "-o", "model.onnx")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("edgecompress: cut.ecz ends too early")
    assert [path.name for path in tmp_path.glob("*model*")] == []
