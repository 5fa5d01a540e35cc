import importlib

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.inspection import decoded_weights_tflite, inspect_tflite
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import OPERATOR_BYTES, SPARSITY_BYTES, Stored
from edgecompress.formats.tflite.writer import serialize


def _clustered(shape, zeros, levels):
    random = np.random.default_rng(4)
    return (random.integers(1, levels + 1, shape) / 8 * (random.random(shape) >= zeros)).astype(np.float32)


@pytest.fixture
def file(tmp_path):
    x, h, y = Tensor("x", (1, 90)), Tensor("h", (1, 60)), Tensor("y", (1, 7))
    first = Tensor("first.weight", (60, 90), _clustered((60, 90), 0.9, 15), compressible=True)
    second = Tensor("second.weight", (7, 60), _clustered((7, 60), 0.0, 4), compressible=True)
    biases = [Tensor("first.bias", (60,), np.ones(60, np.float32)), Tensor("second.bias", (7,), np.ones(7, np.float32))]
    operators = [
        TfliteOperator("FULLY_CONNECTED", [x, first, biases[0]], h),
        TfliteOperator("FULLY_CONNECTED", [h, second, biases[1]], y),
    ]
    forms = {
        first: Stored(csr.pack(first.data.astype(np.float16), 1)),
        second: Stored(second.data.astype(np.float16)),
    }
    path = tmp_path / "model.tflite"
    path.write_bytes(serialize(TfliteGraph([x], [y], operators), forms))
    return path, first.data, second.data, forms[first].array


def test_the_ledger_has_each_weight_with_its_sparsity_values_and_bytes(file):
    path, first, _, packed = file
    ledger = inspect_tflite(path)
    entries = {entry.name: entry for entry in ledger.tensors}
    assert list(entries) == ["first.weight", "first.bias", "second.weight", "second.bias"]
    entry = entries["first.weight"]
    assert (entry.encoding, entry.dtype, entry.shape) == ("csr-float16", "float32", (60, 90))
    assert entry.sparsity == pytest.approx(np.mean(first == 0))
    assert entry.distinct == 16
    assert entry.bytes == packed.bytes + 2 * OPERATOR_BYTES + SPARSITY_BYTES
    assert entries["second.weight"].bytes == 7 * 60 * 2 + OPERATOR_BYTES
    assert entries["second.bias"].bytes == 7 * 4
    assert ledger.file_bytes == path.stat().st_size
    assert 0 < ledger.graph_bytes < 2000


def test_the_estimated_bytes_of_decoders_are_those_of_the_file(file):
    # What the choice between forms rests on: the file with decoders against the one without.
    _, first, _, packed = file
    x, y = Tensor("x", (1, 90)), Tensor("y", (1, 60))
    w = Tensor("layers.0.weight", first.shape, first, compressible=True)
    graph = TfliteGraph(
        [x], [y], [TfliteOperator("FULLY_CONNECTED", [x, w, Tensor("b", (60,), np.ones(60, np.float32))], y)]
    )
    plain = len(serialize(graph, {}))
    for form, computed in [
        (Stored(first.astype(np.float16)), OPERATOR_BYTES + first.nbytes // 2),
        (Stored(packed), 2 * OPERATOR_BYTES + SPARSITY_BYTES + packed.bytes),
    ]:
        spent = len(serialize(graph, {w: form})) - plain + first.nbytes
        # A first operator of its kind also takes an operator code, some 60 bytes each.
        assert abs(spent - computed) < 160


def test_decoded_weights_are_float32_and_expanded(file):
    path, first, second, _ = file
    decoded = decoded_weights_tflite(path)
    assert decoded["first.weight"].tobytes() == first.tobytes()
    assert decoded["second.weight"].tobytes() == second.tobytes()


def test_a_name_that_two_tensors_have_is_numbered(tmp_path):
    s = schema()
    tensors = [s.TensorT(shape=[2], type=s.TensorType.FLOAT32, buffer=number, name="w") for number in (1, 2)]
    data = [np.full(2, value, np.float32).view(np.uint8) for value in (1, 2)]
    buffers = [s.BufferT(), *(s.BufferT(data=part) for part in data)]
    model = s.ModelT(version=3, subgraphs=[s.SubGraphT(tensors=tensors)], buffers=buffers, operatorCodes=[])
    builder = importlib.import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.Output())
    decoded = decoded_weights_tflite(path)
    assert {name: list(array) for name, array in decoded.items()} == {"w": [1, 1], "w#2": [2, 2]}
    assert [entry.name for entry in inspect_tflite(path).tensors] == ["w", "w#2"]


def test_a_damaged_file_is_named(tmp_path, file):
    path = tmp_path / "cut.tflite"
    path.write_bytes(file[0].read_bytes()[:300])
    with pytest.raises(InputError, match=r"cut.tflite is a damaged TFLite file"):
        inspect_tflite(path)
