import numpy as np
import pytest

from edgecompress.agent import ecz
from edgecompress.errors import InputError
from edgecompress.export.inspect import inspect
from edgecompress.export.pack import pack
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.tflite.network import write_tflite


@pytest.fixture(scope="module")
def files(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    write_onnx(network(), folder / "m.onnx", compress=False)
    write_tflite(network(), folder / "m.tflite", compress=False)
    return folder


def quiet(*_):
    pass


@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_a_model_gets_smaller_in_its_own_format_and_smaller_still_in_a_container(files, tmp_path, kind):
    source = files / f"m.{kind}"
    made = pack(source, tmp_path / f"p.{kind}", encoding="smallest", progress=quiet)
    assert (made.source_bytes, made.bytes) == (source.stat().st_size, (tmp_path / f"p.{kind}").stat().st_size)
    assert made.bytes < made.source_bytes
    assert made.ledger == inspect(tmp_path / f"p.{kind}").model_copy(update={"tensors": made.ledger.tensors})
    boxed = pack(source, tmp_path / "p.ecz", encoding="smallest", progress=quiet)
    assert boxed.ledger is None
    assert boxed.bytes == (tmp_path / "p.ecz").stat().st_size < made.bytes
    assert boxed.entropy_bytes == inspect(source).entropy_bytes
    ecz.unpack(tmp_path / "p.ecz", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_the_content_says_the_format_and_not_the_name(files, tmp_path):
    (tmp_path / "model.bin").write_bytes((files / "m.tflite").read_bytes())
    pack(tmp_path / "model.bin", tmp_path / "p.tflite", encoding="fast-load", progress=quiet)
    with pytest.raises(InputError, match=r"is tflite: give an output that ends in \.tflite, or \.ecz"):
        pack(tmp_path / "model.bin", tmp_path / "p.onnx", encoding="fast-load", progress=quiet)
    assert not (tmp_path / "p.onnx").exists()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*absent\.onnx"):
        pack(tmp_path / "absent.onnx", tmp_path / "p.ecz", encoding="smallest", progress=quiet)


def test_progress_is_told(files, tmp_path):
    said = []
    pack(files / "m.onnx", tmp_path / "p.onnx", encoding="smallest", progress=lambda *step: said.append(step))
    assert said[0][:3] == ("pack m.onnx", 0, 1)
    assert said[-1][:3] == ("pack m.onnx", 1, 1)
    assert np.all([step[1] <= step[2] for step in said])
