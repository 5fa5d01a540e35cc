import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.network import compressed_bytes
from edgecompress.formats.onnx.network import write_onnx as write

PLAIN_OPERATORS = {"Conv", "BatchNormalization", "Relu", "GlobalAveragePool", "Flatten", "Gemm", "FusedConv"}


@pytest.fixture
def both(network, tmp_path):
    """The dense and the compressed file of the same network, and their ledgers."""
    model = network()
    dense = write(model, tmp_path / "dense.onnx", compress=False)
    compressed = write(model, tmp_path / "model.onnx", compress=True)
    return tmp_path / "dense.onnx", tmp_path / "model.onnx", dense, compressed


def test_each_weight_gets_the_encoding_it_is_made_for(both):
    _, path, dense, compressed = both
    encodings = {tensor.name: tensor.encoding for tensor in compressed.tensors}
    # half of the elements zeros; most; none; most, and no palette; nothing to gain
    assert encodings["c1.weight"] == "rice0+packed5"
    assert encodings["c2.weight"].startswith("rice3+")
    assert encodings["c3.weight"] == "packed5"
    assert encodings["c4.weight"] == "rice3+float32"
    assert {name for name, encoding in encodings.items() if encoding == "raw"} >= {"fc.weight", "fc.bias"}
    assert len(encodings) == 10
    assert compressed.file_bytes == path.stat().st_size < 0.5 * dense.file_bytes
    notes = {tensor.name: tensor.note for tensor in compressed.tensors}
    assert notes["fc.weight"].startswith("it has no zero element")


def test_decoded_weights_are_the_given_ones_bit_by_bit(both, weights):
    for path in both[:2]:
        decoded = decoded_weights(path)
        assert decoded.keys() == weights.keys()
        for name, array in weights.items():
            assert decoded[name].tobytes() == array.tobytes()


def test_valid_onnx(both):
    for path in both[:2]:
        onnx.checker.check_model(onnx.load(path), full_check=True)


@pytest.mark.parametrize("level", ["ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"])
def test_outputs_are_those_of_the_dense_file(both, run, samples, level):
    dense, compressed = both[:2]
    assert np.array_equal(run(compressed, samples, level=level), run(dense, samples, level=level))


@pytest.mark.parametrize("opset", [13, 18, 21])
def test_no_decode_operator_is_left_after_loading(network, run, samples, tmp_path, opset):
    write(network(opset), tmp_path / "model.onnx", compress=True)
    run(tmp_path / "model.onnx", samples, optimized=tmp_path / "optimized.onnx")
    stored, folded = onnx.load(tmp_path / "model.onnx"), onnx.load(tmp_path / "optimized.onnx")
    assert len(stored.graph.node) > 30
    assert {node.op_type for node in folded.graph.node} <= PLAIN_OPERATORS
    assert stored.opset_import[0].version == min(opset, 18)  # the newest operator is of 18


def test_only_the_shapes_that_cannot_be_inferred_are_stated(both):
    dense, compressed = (onnx.load(path).graph for path in both[:2])
    unknown = [node.output[0] for node in compressed.node if node.op_type == "Compress"]
    assert [value.name for value in compressed.value_info] == unknown
    assert not dense.value_info


def test_a_weight_used_twice_is_decoded_once(both):
    made = [name for node in onnx.load(both[1]).graph.node for name in node.output]
    assert made.count("c4.weight") == 1
    assert len(made) == len(set(made))


def test_same_model_same_bytes_and_the_model_is_not_changed(network, tmp_path):
    model = network()
    before = ir.to_proto(model).SerializeToString()
    for name in ("one.onnx", "two.onnx"):
        write(model, tmp_path / name, compress=True)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()
    assert ir.to_proto(model).SerializeToString() == before


def any_float32(shape, seed=0):
    """Finite float32 values of which every bit is equally likely: nothing in them can be coded in less."""
    bits = np.random.default_rng(seed).integers(0, 2**32, shape, dtype=np.uint32)
    bits[(bits & 0x7F800000) == 0x7F800000] &= 0xBFFFFFFF
    return bits.view(np.float32)


def test_a_network_without_anything_to_gain_does_not_grow(network, weights, tmp_path):
    full = {name: any_float32(array.shape) for name, array in weights.items()}
    dense = write(network(**full), tmp_path / "dense.onnx", compress=False)
    assert write(network(**full), tmp_path / "model.onnx", compress=True).file_bytes == dense.file_bytes


def test_trained_weights_that_are_not_compressed_share_a_code_for_their_exponents(network, weights, tmp_path):
    generator = np.random.default_rng(0)
    full = {name: generator.normal(size=array.shape).astype(np.float32) for name, array in weights.items()}
    dense = write(network(**full), tmp_path / "dense.onnx", compress=False)
    assert write(network(**full), tmp_path / "model.onnx", compress=True).file_bytes < 0.9 * dense.file_bytes


@pytest.mark.parametrize("count", [12, 16, 20, 24, 32, 48, 64, 96, 128])
def test_a_small_weight_is_encoded_only_where_the_file_gets_smaller(tmp_path, count):
    array = np.zeros((4, count), np.float32)
    array[:, ::9] = 1.5
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, count])],
        [onnx.numpy_helper.from_array(array, "w")],
    )
    model = ir.from_proto(onnx.helper.make_model(graph, ir_version=8))
    dense = write(model, tmp_path / "dense.onnx", compress=False)
    compressed = write(model, tmp_path / "model.onnx", compress=True)
    if compressed.tensors[0].encoding == "raw":
        assert compressed.file_bytes == dense.file_bytes
    else:
        assert compressed.file_bytes < dense.file_bytes


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(network, tmp_path, value):
    bad = np.zeros((64, 3, 3, 3), np.float32)
    bad[0, 0, 0, 0] = value
    with pytest.raises(InputError, match=r"'c1\.weight' holds 1 value"):
        write(network(**{"c1.weight": bad}), tmp_path / "model.onnx", compress=True)
    assert not (tmp_path / "model.onnx").exists()


def test_an_opset_without_the_operators_is_refused(network, tmp_path):
    with pytest.raises(InputError, match="opset 10; convert it to opset 13"):
        write(network(10), tmp_path / "model.onnx", compress=True)


def test_minus_zero_survives_and_the_ledger_tells_what_it_costs(network, run, samples, tmp_path):
    array = np.zeros((33, 64, 3, 3), np.float32)
    array[1::2] = -0.0
    array[0] = 1.0
    ledger = write(network(**{"c2.weight": array}), tmp_path / "model.onnx", compress=True)
    notes = {tensor.name: tensor.note for tensor in ledger.tensors}
    assert notes["c2.weight"].startswith("9216 elements are -0.0")
    assert not notes["c3.weight"]
    assert decoded_weights(tmp_path / "model.onnx")["c2.weight"].tobytes() == array.tobytes()


@pytest.mark.parametrize("encoding", ["smallest", "fast-load"])
def test_bytes_are_counted_without_a_file(network, tmp_path, encoding):
    model = network()
    counted = compressed_bytes(model, encoding)
    write(model, tmp_path / "model.onnx", compress=True, encoding=encoding)
    assert counted == (tmp_path / "model.onnx").stat().st_size
    assert counted == compressed_bytes(model, encoding)  # the model is as it was
