import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest

from edgecompress.agent.ecz import contents
from edgecompress.agent.ecz.container import PRELUDE
from edgecompress.agent.ecz.limits import MAGIC, VERSION
from edgecompress.formats.ecz.block import varint

GOLDEN = Path(__file__).parents[1] / "golden"


def test_under_the_name_in_the_container_and_under_another(edgecompress, tmp_path):
    done = edgecompress("unpack", GOLDEN / "arrays.ecz")
    assert done.returncode == 0, done.stderr
    size = (tmp_path / "model.onnx").stat().st_size
    assert done.stdout.split() == ["file", "bytes", "model.onnx", f"{size:,}"]
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "other.onnx").returncode == 0
    assert (tmp_path / "other.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "other.onnx").returncode == 2
    (tmp_path / "other.onnx").write_text("mine")
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "other.onnx", "--force").returncode == 0
    assert (tmp_path / "other.onnx").read_bytes() == (tmp_path / "model.onnx").read_bytes()
    (tmp_path / "folder").mkdir()
    assert edgecompress("unpack", GOLDEN / "arrays.ecz", "-o", "folder").returncode == 0
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["model.onnx"]


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


def renamed(source, path, *names):
    """A container that gives its files other names."""
    entries = contents(source)
    content = source.read_bytes()
    size = PRELUDE.unpack(content[: PRELUDE.size])[3]
    header = b"".join(
        varint(len(name.encode())) + name.encode() + varint(entry.size) + entry.sha256
        for name, entry in zip(names, entries, strict=True)
    )
    start = PRELUDE.pack(MAGIC, VERSION, 0, len(header), zlib.crc32(header))
    path.write_bytes(start + header + content[PRELUDE.size + size :])


@pytest.mark.parametrize(
    "name", [".bash_profile", "sitecustomize.py", "-rf", "-x.onnx", ".x.onnx", "model.onnx.sh", "x"]
)
def test_only_the_names_of_model_files_are_written(refused, edgecompress, tmp_path, name):
    renamed(GOLDEN / "arrays.ecz", tmp_path / "a.ecz", name)
    assert "no name of a model file" in refused("unpack", "a.ecz")
    renamed(GOLDEN / "external.ecz", tmp_path / "b.ecz", "model.onnx", name)
    if name == "sitecustomize.py":
        assert "no name of a model file" in refused("unpack", "b.ecz", "-o", "m.onnx", "--force")
        assert edgecompress("unpack", "a.ecz", "-o", "m.onnx").returncode == 0
        (tmp_path / "m.onnx").unlink()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".ecz") in ([], ["cache"])


def test_a_small_file_that_fills_a_disk_is_refused_unless_it_is_trusted(edgecompress, refused, tmp_path):
    import onnx
    from onnx import helper, numpy_helper

    weights = numpy_helper.from_array(np.zeros((2048, 1024), np.float32), "w")
    ends = [helper.make_tensor_value_info(name, 1, ["N", size]) for name, size in (("x", 2048), ("y", 1024))]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    assert edgecompress("pack", "m.onnx", "-o", "m.ecz").returncode == 0
    assert "--max-ratio" in refused("unpack", "m.ecz", "-o", "n.onnx")
    assert edgecompress("unpack", "m.ecz", "-o", "n.onnx", "--max-ratio", "100000").returncode == 0
    assert (tmp_path / "n.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()
