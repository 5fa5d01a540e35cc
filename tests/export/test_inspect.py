import pytest

from edgecompress import bundle
from edgecompress.errors import InputError
from edgecompress.export.inspect import inspect


@pytest.mark.parametrize("name", ["model.onnx", "model.tflite", "dense.onnx"])
def test_the_content_decides_not_the_name(small_bundle, tmp_path, name):
    renamed = tmp_path / "weights.bin"
    renamed.write_bytes((small_bundle / name).read_bytes())
    found = inspect(renamed)
    written = bundle.load(small_bundle).models[name].ledger
    assert [(t.name, t.bytes, t.distinct, t.nonzero) for t in found.tensors] == [
        (t.name, t.bytes, t.distinct, t.nonzero) for t in written.tensors
    ]


def test_a_file_that_is_absent_a_folder_or_something_else_is_one_line(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"\x00" * 64)
    (tmp_path / "b.tflite").write_bytes(b"hello")
    for wrong in (tmp_path / "absent.onnx", tmp_path, tmp_path / "a.onnx", tmp_path / "b.tflite"):
        with pytest.raises(InputError) as caught:
            inspect(wrong)
        assert "\n" not in str(caught.value)


def test_a_container_is_told_from_a_damaged_model(small_bundle):
    with pytest.raises(InputError, match=r"is a container; .*edgecompress unpack .*model\.onnx\.ecz"):
        inspect(small_bundle / "model.onnx.ecz")
