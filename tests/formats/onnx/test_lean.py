import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.errors import InputError
from edgecompress.formats.onnx import lean
from edgecompress.formats.onnx.decoded import inspect_onnx
from edgecompress.formats.onnx.network import write_onnx as write

ARRAYS = {
    "float": np.linspace(-1, 1, 300, dtype=np.float32).reshape(3, 100),
    "half": np.arange(600, dtype=np.float16),
    "double": np.arange(200, dtype=np.float64).reshape(2, 10, 10),
    "bytes": np.arange(-128, 128, dtype=np.int8).repeat(5),
    "integers": np.arange(400).reshape(20, 20),
    "small": np.ones(3, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "truths": np.ones(2000, np.bool_),
}


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(lean, "LARGE", 1000)


def model(*more: onnx.TensorProto) -> onnx.ModelProto:
    initializers = [*(numpy_helper.from_array(array, name) for name, array in ARRAYS.items()), *more]
    initializers[0].doc_string = "what it is"
    graph = helper.make_graph(
        [helper.make_node("Identity", ["float"], ["y"])],
        "g",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 100])],
        initializers,
    )
    made = helper.make_model(graph, ir_version=10, producer_name="a test")
    helper.set_model_props(made, {"key": "value"})
    return made


def test_large_plain_arrays_stay_in_the_file_and_everything_else_is_read(tmp_path):
    listed = helper.make_tensor("listed", TensorProto.FLOAT, [400], np.arange(400.0), raw=False)
    onnx.save(model(listed), tmp_path / "m.onnx")
    found = lean.read(tmp_path / "m.onnx")
    assert set(found.places) == {"float", "half", "double", "bytes", "integers"}
    assert found.proto.ByteSize() < (tmp_path / "m.onnx").stat().st_size - 8000
    tensors = {tensor.name: tensor for tensor in found.proto.graph.initializer}
    for name, array in ARRAYS.items():
        read = found.array(tensors[name])
        assert (read.dtype, read.shape, read.tobytes()) == (array.dtype, array.shape, array.tobytes())
        assert numpy_helper.to_array(found.whole(tensors[name])).tobytes() == array.tobytes()
    assert found.filled() == onnx.load(tmp_path / "m.onnx")


def test_a_graph_reads_them_when_it_uses_them(tmp_path):
    onnx.save(model(), tmp_path / "m.onnx")
    tensor = lean.read(tmp_path / "m.onnx").lazy("half")
    assert (tensor.name, tensor.dtype, tensor.shape, tensor.nbytes) == ("half", ir.DataType.FLOAT16, (600,), 1200)
    assert np.array_equal(tensor.numpy(), ARRAYS["half"])


def test_a_message_in_pieces_is_read_as_protobuf_reads_it(tmp_path):
    whole = model()
    more = onnx.ModelProto()
    more.graph.initializer.add().CopyFrom(numpy_helper.from_array(np.arange(500), "more"))
    path = tmp_path / "pieces.onnx"
    path.write_bytes(whole.SerializeToString() + more.SerializeToString())
    found = lean.read(path)
    assert not found.places
    assert [tensor.name for tensor in found.proto.graph.initializer] == [*ARRAYS, "more"]


def test_two_of_one_name_are_not_told_apart_by_it(tmp_path):
    onnx.save(model(numpy_helper.from_array(np.zeros(900, np.float32), "float")), tmp_path / "m.onnx")
    found = lean.read(tmp_path / "m.onnx")
    assert not found.places
    assert found.proto == onnx.load(tmp_path / "m.onnx")


def test_data_of_another_length_than_the_shape_asks_for_stay_where_they_are_checked(tmp_path):
    wrong = model()
    wrong.graph.initializer[0].dims[0] = 4
    onnx.save(wrong, tmp_path / "m.onnx")
    found = lean.read(tmp_path / "m.onnx")
    assert "float" not in found.places
    assert found.filled() == wrong


def test_a_file_that_is_cut_or_removed_meanwhile_is_said_so(tmp_path):
    path = tmp_path / "m.onnx"
    onnx.save(model(), path)
    tensor = lean.read(path).lazy("integers")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="became shorter while it was read"):
        tensor.numpy()
    path.unlink()
    with pytest.raises(InputError, match=r"cannot read .* again: No such file"):
        tensor.numpy()


@pytest.mark.parametrize("compress", [False, True])
def test_the_ledger_is_the_same(network, tmp_path, monkeypatch, compress):
    write(network(), tmp_path / "m.onnx", compress=compress)
    assert compress or lean.read(tmp_path / "m.onnx").places
    ledger = inspect_onnx(tmp_path / "m.onnx")
    monkeypatch.setattr(lean, "LARGE", 2**40)
    assert not lean.read(tmp_path / "m.onnx").places
    assert inspect_onnx(tmp_path / "m.onnx") == ledger
