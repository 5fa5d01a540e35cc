import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.inspection import decoded_weights_tflite, inspect_tflite
from edgecompress.formats.tflite.micro.rewrite import decoded_sizes, least_bytes, write_decoding
from edgecompress.formats.tflite.schema import schema

NAME = "model-int8.tflite"


def outputs(path, x):
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    made, found = runtime.Interpreter.from_file(str(path), arena_size=1 << 22), []
    for row in x:
        made.set_input(np.ascontiguousarray(np.moveaxis(row, 0, -1)[np.newaxis]), 0)
        made.invoke()
        found.append(np.array(made.get_output(0)))
    return np.concatenate(found)


@pytest.mark.parametrize("encoding", ["smallest", "fast-load"])
def test_the_runtime_computes_the_same_from_a_much_smaller_file(int8_bundle, tmp_path, encoding):
    path, x = tmp_path / "coded.tflite", np.load(int8_bundle / "eval.npz")["x"][:40]
    ledger = write_decoding(int8_bundle / NAME, path, encoding=encoding)
    assert np.array_equal(outputs(path, x), outputs(int8_bundle / NAME, x))
    forms = {tensor.encoding for tensor in ledger.tensors if "-int8" in tensor.encoding}
    assert forms == ({"huffman-int8"} if encoding == "smallest" else {"lut-int8"})
    # Most of such a small file are operators, scales and biases.
    ratio = path.stat().st_size / (int8_bundle / NAME).stat().st_size
    assert ratio < (0.4 if encoding == "smallest" else 0.75)
    assert least_bytes(int8_bundle / NAME) <= path.stat().st_size


def test_inspect_shows_the_weights_and_what_they_take(int8_bundle, tmp_path):
    path = tmp_path / "coded.tflite"
    write_decoding(int8_bundle / NAME, path)
    before, after = (inspect_tflite(each) for each in (int8_bundle / NAME, path))
    assert [(each.name, each.shape, each.nonzero, each.distinct) for each in before.tensors] == [
        (each.name, each.shape, each.nonzero, each.distinct) for each in after.tensors
    ]
    assert sum(each.bytes for each in after.tensors) < 0.4 * sum(each.bytes for each in before.tensors)
    assert 0 < after.graph_bytes < 1.2 * before.graph_bytes + 1000
    weights = decoded_weights_tflite(int8_bundle / NAME)
    assert all(np.array_equal(weights[name], array) for name, array in decoded_weights_tflite(path).items())


@pytest.mark.parametrize("parts", [2, 5])
def test_layers_that_are_larger_than_allowed_are_decoded_in_parts(int8_bundle, tmp_path, parts):
    path, x = tmp_path / "coded.tflite", np.load(int8_bundle / "eval.npz")["x"][:40]
    sizes = decoded_sizes(write_decoding(int8_bundle / NAME, path))
    largest = max(sizes) // parts
    cut = write_decoding(int8_bundle / NAME, path, largest=largest)
    assert max(decoded_sizes(cut)) <= largest
    assert sum(decoded_sizes(cut)) >= 0.95 * sum(sizes)
    assert np.array_equal(outputs(path, x), outputs(int8_bundle / NAME, x))
    assert path.stat().st_size < 0.4 * (int8_bundle / NAME).stat().st_size


def test_weights_stay_that_cannot_be_cut_small_enough(int8_bundle, tmp_path):
    path = tmp_path / "coded.tflite"
    assert decoded_sizes(write_decoding(int8_bundle / NAME, path, largest=10)) == []
    assert path.read_bytes() == (int8_bundle / NAME).read_bytes()


@pytest.mark.parametrize("reads", ["the same weights", "weights with equal bytes"])
def test_weights_of_several_operators_are_coded_once(tmp_path, reads):
    plain, coded = tmp_path / "plain.tflite", tmp_path / "coded.tflite"
    plain.write_bytes(chain(reads == "the same weights"))
    ledger = write_decoding(plain, coded)
    assert {each.encoding for each in ledger.tensors if each.dtype == "int8"} == {"huffman-int8"}
    x = np.random.default_rng(1).integers(-50, 50, (3, 64)).astype(np.int8)
    found = []
    for path in (plain, coded):
        runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
        made = runtime.Interpreter.from_file(str(path), arena_size=1 << 20)
        for row in x:
            made.set_input(row[np.newaxis], 0)
            made.invoke()
            found.append(np.array(made.get_output(0)))
    assert np.array_equal(found[:3], found[3:])
    assert any(found[0].ravel())
    _, model = model_file.parse(coded)
    large = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data) > 500]
    assert len(large) == 1


@pytest.mark.parametrize("largest", [None, 2000])
def test_weights_without_names_are_coded_too(tmp_path, largest):
    plain, coded = tmp_path / "plain.tflite", tmp_path / "coded.tflite"
    plain.write_bytes(chain(False))
    _, model = model_file.parse(plain)
    for tensor in model.subgraphs[0].tensors:
        tensor.name = None
    plain.write_bytes(model_file.serialize(model))
    assert sum(decoded_sizes(write_decoding(plain, coded, largest=largest))) == 2 * 64 * 64
    assert coded.stat().st_size < plain.stat().st_size


def changed(tmp_path, change):
    """The chain's file after ``change`` of its model."""
    path = tmp_path / "plain.tflite"
    path.write_bytes(chain(False))
    _, model = model_file.parse(path)
    change(model)
    path.write_bytes(model_file.serialize(model))
    return path


def test_tensors_that_operators_name_as_intermediates_keep_their_places(tmp_path):
    s = schema()

    def change(model):
        tensors = model.subgraphs[0].tensors
        tensors.insert(0, s.TensorT(shape=[7], type=s.TensorType.INT8, name=b"unread"))
        tensors.append(s.TensorT(shape=[5], type=s.TensorType.INT8, name=b"between"))
        for each in (model.subgraphs[0], *model.subgraphs[0].operators):
            each.inputs, each.outputs = [i + 1 for i in each.inputs], [i + 1 for i in each.outputs]
        model.subgraphs[0].operators[0].intermediates = [len(tensors) - 1]

    write_decoding(changed(tmp_path, change), tmp_path / "coded.tflite")
    _, model = model_file.parse(tmp_path / "coded.tflite")
    (operator,) = [each for each in model.subgraphs[0].operators if each.intermediates is not None]
    names = [tensor.name for tensor in model.subgraphs[0].tensors]
    assert names[operator.intermediates[0]] == b"between"
    assert b"unread" not in names


def test_data_that_go_by_the_numbers_of_tensors_are_refused(tmp_path):
    s = schema()
    path = changed(
        tmp_path, lambda model: setattr(model, "metadata", [s.MetadataT(name=b"OfflineMemoryAllocation", buffer=0)])
    )
    with pytest.raises(InputError, match="OfflineMemoryAllocation, which goes by the numbers"):
        write_decoding(path, tmp_path / "coded.tflite")


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.tflite").write_bytes(b"none of it")
    with pytest.raises(InputError, match="not a TFLite file"):
        write_decoding(tmp_path / "a.tflite", tmp_path / "b.tflite")


def chain(shared) -> bytes:
    """Two FULLY_CONNECTED in a row, with the same weights or with equal ones."""
    s = schema()
    random = np.random.default_rng(0)
    weights = np.where(random.random((64, 64)) < 0.8, 0, random.integers(-9, 9, (64, 64))).astype(np.int8)
    code = s.BuiltinOperator.FULLY_CONNECTED

    def tensor(shape, buffer=0, name=None):
        scale = s.QuantizationParametersT(scale=np.full(1, 0.1, np.float32), zeroPoint=np.zeros(1, np.int64))
        return s.TensorT(shape=shape, type=s.TensorType.INT8, buffer=buffer, name=name, quantization=scale)

    tensors = [tensor([1, 64]), tensor([64, 64], 1, b"w"), tensor([1, 64]), tensor([64, 64], 2, b"v"), tensor([1, 64])]
    options = {
        "builtinOptionsType": s.BuiltinOptions.FullyConnectedOptions,
        "builtinOptions": s.FullyConnectedOptionsT(),
    }
    operators = [
        s.OperatorT(opcodeIndex=0, inputs=[0, 1], outputs=[2], **options),
        s.OperatorT(opcodeIndex=0, inputs=[2, 1 if shared else 3], outputs=[4], **options),
    ]
    if shared:
        tensors[3].buffer = 0
    data = weights.view(np.uint8).reshape(-1)
    buffers = [s.BufferT(), s.BufferT(data=data), s.BufferT(data=None if shared else data)]
    graph = s.SubGraphT(tensors=tensors, inputs=[0], outputs=[4], operators=operators)
    codes = [s.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=4)]
    return model_file.serialize(s.ModelT(version=3, operatorCodes=codes, subgraphs=[graph], buffers=buffers))
