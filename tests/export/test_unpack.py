import onnx
import pytest

from edgecompress.errors import InputError
from edgecompress.export.unpack import unpack
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.tflite.network import write_tflite


def test_a_file_is_unpacked_by_what_it_is_and_not_by_its_name(network, tmp_path):
    write_onnx(network(), tmp_path / "dense.onnx", compress=False)
    pack_onnx(tmp_path / "dense.onnx", tmp_path / "packed.bin")
    unpack(tmp_path / "packed.bin", tmp_path / "plain.onnx")
    plain, dense = (onnx.load(tmp_path / name).graph.node for name in ("plain.onnx", "dense.onnx"))
    assert [node.op_type for node in plain] == [node.op_type for node in dense]


def test_a_format_without_decoders_has_nothing_to_take_out(network, tmp_path):
    write_tflite(network(), tmp_path / "m.tflite", compress=False)
    with pytest.raises(InputError, match="is TFLite, which has no decoders to take out"):
        unpack(tmp_path / "m.tflite", tmp_path / "plain.onnx")
    assert not (tmp_path / "plain.onnx").exists()
