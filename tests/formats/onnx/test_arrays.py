import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.arrays import find


def bytes_of(data, found):
    return data[found.extent.at : found.extent.at + found.extent.bytes]


def test_tensors_wherever_they_are():
    arrays = {name: np.arange(6, dtype=kind).reshape(2, 3) + number for number, (name, kind) in enumerate(
        [("initialiser", "f4"), ("constant", "f2"), ("inner", "i8"), ("values", "f8"), ("function", "u1")]
    )}  # fmt: skip
    tensor = {name: numpy_helper.from_array(array, name) for name, array in arrays.items()}
    inner = helper.make_graph([], "inner", [], [helper.make_tensor_value_info("inner", 7, [2, 3])], [tensor["inner"]])
    nodes = [
        helper.make_node("Constant", [], ["c"], value=tensor["constant"]),
        helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner),
    ]
    indices = helper.make_tensor("indices", TensorProto.INT64, [6], np.arange(6).tobytes(), raw=True)
    sparse = helper.make_sparse_tensor(tensor["values"], indices, [9])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [tensor["initialiser"]], sparse_initializer=[sparse])
    function = helper.make_function(
        "own", "f", [], ["o"], [helper.make_node("Constant", [], ["o"], value=tensor["function"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    data = helper.make_model(graph, functions=[function]).SerializeToString()
    found = find(data).inside
    contents = [bytes_of(data, each) for each in found]
    for array in [*arrays.values(), np.arange(6)]:
        assert array.tobytes() in contents
    assert len(found) == 7  # the inner graph is there twice
    by_content = {bytes_of(data, each): each for each in found}
    assert by_content[arrays["constant"].tobytes()].floating
    assert by_content[arrays["constant"].tobytes()].extent.width == 16
    assert not by_content[arrays["function"].tobytes()].floating
    assert [each.count for each in by_content[arrays["initialiser"].tobytes()].channels] == [2, 3]


def test_numbers_in_fields_of_their_own():
    array = np.linspace(0, 1, 50, dtype=np.float32)
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [50], array)
    assert not tensor.raw_data
    data = helper.make_model(helper.make_graph([], "g", [], [], [tensor])).SerializeToString()
    (found,) = find(data).inside
    assert bytes_of(data, found) == array.tobytes()


def test_external_data(tmp_path):
    arrays = [np.ones((4, 5), np.float32), np.arange(30)]
    tensors = [numpy_helper.from_array(array, f"w{number}") for number, array in enumerate(arrays)]
    model = helper.make_model(helper.make_graph([], "g", [], [], tensors))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    found = find((tmp_path / "m.onnx").read_bytes())
    data = (tmp_path / "weights").read_bytes()
    assert found.inside == []
    assert [bytes_of(data, each) for each in found.external["weights"]] == [array.tobytes() for array in arrays]


def test_graphs_nested_without_end():
    inner = b""
    for _ in range(200):  # graph in attribute in node in graph
        for key in (b"\x32", b"\x2a", b"\x0a"):
            inner = key + len(inner).to_bytes(1, "little") + inner if len(inner) < 128 else inner
            length, size = len(inner), b""
            while length >= 128:
                size, length = size + bytes([length & 127 | 128]), length >> 7
            inner = key + size + bytes([length]) + inner
    with pytest.raises(ValueError, match=r"."):
        find(inner)


@pytest.mark.parametrize("data", [b"", b"text, and no model", b"\x08\x07"], ids=["empty", "text", "no graph"])
def test_what_is_no_model(data):
    with pytest.raises(ValueError, match=r"."):
        find(data)
