import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, load, numpy_helper, save

from edgecompress.errors import InputError
from edgecompress.formats.onnx.network import write_onnx as write
from edgecompress.formats.onnx.read import check_finite, read_onnx


@pytest.fixture(scope="module")
def content(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("read") / "model.onnx"
    write(network(), path, compress=True)
    # A path and not the bytes: hypothesis prints what it is given.
    return path


def refusal(tmp_path, content):
    path = tmp_path / "given.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_onnx(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("junk", [b"", b"hello, this is no model at all\n", bytes(1000), b"TFL3" * 50])
def test_other_files_are_refused_in_one_line(tmp_path, junk):
    refusal(tmp_path, junk)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fraction=st.floats(0, 0.999))
def test_a_truncated_file_is_refused_in_one_line(content, tmp_path, fraction):
    refusal(tmp_path, content.read_bytes()[: int(fraction * content.stat().st_size)])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**9), value=st.integers(1, 255))
def test_a_damaged_file_is_read_or_refused_and_never_anything_else(content, tmp_path, place, value):
    damaged = bytearray(content.read_bytes())
    damaged[place % len(damaged)] ^= value
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damaged)
    try:
        read_onnx(path)
    except InputError as error:
        assert "\n" not in str(error)


def test_a_tensor_with_less_data_than_its_shape_asks_for_is_refused(content, tmp_path):
    model = load(content)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "fc.weight")
    tensor.dims[0] += 1
    assert "fc.weight" in refusal(tmp_path, model.SerializeToString())


def test_an_absent_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_onnx(tmp_path / "absent.onnx")
    with pytest.raises(InputError, match="directory"):
        read_onnx(tmp_path)


@pytest.mark.parametrize("indices", [[1, 7], [[0, 1], [3, 1]]])
def test_sparse_initializers_are_expanded(tmp_path, indices):
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [3.0, 4.0])
    places = numpy_helper.from_array(np.array(indices), "i")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        sparse_initializer=[helper.make_sparse_tensor(values, places, [4, 2])],
    )
    save(helper.make_model(graph, ir_version=8), tmp_path / "m.onnx")
    array = read_onnx(tmp_path / "m.onnx").graph.initializers["w"].const_value.numpy()
    assert array.tolist() == [[0, 3], [0, 0], [0, 0], [0, 4]]


def test_weights_that_are_not_finite_are_named(network):
    check_finite(network())
    bad = np.full((10, 32), np.nan, np.float32)
    with pytest.raises(InputError, match=r"'fc\.weight' holds 320 values"):
        check_finite(network(**{"fc.weight": bad}))


def test_a_model_read_is_the_model_written(network, tmp_path):
    write(network(15), tmp_path / "m.onnx", compress=False)
    assert ir.to_proto(read_onnx(tmp_path / "m.onnx")) == ir.to_proto(network(15))
