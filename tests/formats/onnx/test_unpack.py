import numpy as np
import onnx
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.onnx.builder import LABEL
from edgecompress.formats.onnx.decoded import decoded_weights, inspect_onnx
from edgecompress.formats.onnx.network import write_onnx
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.onnx.unpack import unpack_onnx


@pytest.mark.parametrize("encoding", ["fast-load", "smallest"])
def test_a_packed_file_becomes_plain_again(network, samples, run, tmp_path, encoding):
    write_onnx(network(), tmp_path / "dense.onnx", compress=False)
    pack_onnx(tmp_path / "dense.onnx", tmp_path / "packed.onnx", encoding=encoding)
    unpack_onnx(tmp_path / "packed.onnx", tmp_path / "out" / "plain.onnx")
    before, after = (decoded_weights(tmp_path / name) for name in ("dense.onnx", "out/plain.onnx"))
    assert before.keys() == after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    dense, plain = (onnx.load(tmp_path / name) for name in ("dense.onnx", "out/plain.onnx"))
    assert [node.op_type for node in dense.graph.node] == [node.op_type for node in plain.graph.node]
    assert not any(entry.key == LABEL for node in plain.graph.node for entry in node.metadata_props)
    assert {entry.encoding for entry in inspect_onnx(tmp_path / "out" / "plain.onnx").tensors} == {"raw"}
    assert np.array_equal(run(tmp_path / "dense.onnx", samples), run(tmp_path / "out" / "plain.onnx", samples))


def test_what_is_not_packed_is_said_to_be_plain(network, tmp_path):
    write_onnx(network(), tmp_path / "dense.onnx", compress=False)
    with pytest.raises(InputError, match="is not packed"):
        unpack_onnx(tmp_path / "dense.onnx", tmp_path / "plain.onnx")
    assert not (tmp_path / "plain.onnx").exists()
