import importlib
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.errors import InputError
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.reader import constants, opened, read
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize


def _pack(model) -> bytes:
    builder = importlib.import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _file(kind, shape, data, **fields) -> bytes:
    """A file of one constant tensor, as another writer may make it."""
    s = schema()
    tensor = s.TensorT(shape=list(shape), type=getattr(s.TensorType, kind), buffer=1, name="t", **fields)
    buffers = [s.BufferT(), s.BufferT(data=np.frombuffer(data, np.uint8))]
    return _pack(s.ModelT(version=3, subgraphs=[s.SubGraphT(tensors=[tensor])], buffers=buffers, operatorCodes=[]))


def _sample(form: Stored | None = None) -> bytes:
    random = np.random.default_rng(2)
    weights = (random.normal(0, 1, (6, 40)) * (random.random((6, 40)) < 0.2)).astype(np.float32)
    x, y = Tensor("x", (1, 40)), Tensor("y", (1, 6))
    w = Tensor("w", weights.shape, weights, compressible=True)
    bias = Tensor("b", (6,), np.ones(6, np.float32))
    graph = TfliteGraph([x], [y], [TfliteOperator("FULLY_CONNECTED", [x, w, bias], y)])
    return serialize(graph, {w: form or Stored(csr.pack(weights.astype(np.float16), 1))})


SAMPLE = _sample()


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("FLOAT32", np.array([[1.5, -2, 0]], np.float32)),
        ("FLOAT64", np.array([[1.5, -2, 0]], np.float64)),
        ("INT8", np.array([[1, -2, 0]], np.int8)),
        ("UINT8", np.array([[1, 255, 0]], np.uint8)),
        ("INT16", np.array([[1, -300, 0]], np.int16)),
    ],
)
def test_plain_types_are_read_as_they_are(kind, array):
    (constant,) = constants(_file(kind, array.shape, array.tobytes()), "file")
    np.testing.assert_array_equal(constant.array, array)
    assert (constant.name, constant.encoding, constant.bytes) == ("t", array.dtype.name, array.nbytes)


def test_narrow_types_are_widened():
    half = np.array([1.5, -2, 0], np.float16)
    (constant,) = constants(_file("FLOAT16", (3,), half.tobytes()), "file")
    assert (constant.array.dtype, constant.encoding) == (np.float32, "float16")
    np.testing.assert_array_equal(constant.array, half)
    # bfloat16 is the upper half of a float32.
    brain = np.array([1.5, -2, 0], np.float32).view(np.uint32) >> 16
    (constant,) = constants(_file("BFLOAT16", (3,), brain.astype(np.uint16).tobytes()), "file")
    np.testing.assert_array_equal(constant.array, [1.5, -2, 0])
    # Two int4 in a byte, low half first: 0x7F is -1 and 7, 0x08 is -8 (and padding).
    (constant,) = constants(_file("INT4", (3,), bytes([0x7F, 0x08])), "file")
    np.testing.assert_array_equal(constant.array, [-1, 7, -8])
    (constant,) = constants(_file("INT2", (4,), bytes([0b10_00_01_11])), "file")
    np.testing.assert_array_equal(constant.array, [-1, 1, 0, -2])


@pytest.mark.parametrize(("axis", "scale", "zero"), [(0, [0.5], [0]), (0, [0.5], [3]), (1, [0.5, 2.0, 0.1], [0, 0, 0])])
def test_quantised_integers_are_float32_where_a_dequantize_follows(axis, scale, zero):
    s = schema()
    array = np.array([[1, -2, 0], [100, 7, -128]], np.int8)
    quantization = s.QuantizationParametersT(scale=scale, zeroPoint=zero, quantizedDimension=axis)
    t = s.TensorT(shape=[2, 3], type=s.TensorType.INT8, buffer=1, name="t", quantization=quantization)
    y = s.TensorT(shape=[2, 3], type=s.TensorType.FLOAT32, buffer=0, name="y")
    code = s.OperatorCodeT(deprecatedBuiltinCode=6, builtinCode=6, version=2)
    buffers = [s.BufferT(), s.BufferT(data=array.view(np.uint8).reshape(-1))]
    found = []
    for operators in ([], [s.OperatorT(opcodeIndex=0, inputs=[0], outputs=[1])]):
        graph = s.SubGraphT(tensors=[t, y], inputs=[], outputs=[1], operators=operators)
        found += constants(_pack(s.ModelT(version=3, subgraphs=[graph], buffers=buffers, operatorCodes=[code])), "file")
    alone, followed = found
    np.testing.assert_array_equal(alone.array, array)
    expected = (array.astype(np.float32) - np.float32(zero[0])) * np.array(scale, np.float32)
    np.testing.assert_array_equal(followed.array, expected)
    assert (followed.array.dtype, followed.is_exact) == (np.float32, zero[0] == 0)
    assert (followed.subgraph, followed.index) == (0, 0)


@pytest.mark.parametrize("place", [-1, 7])
def test_a_decoder_that_names_no_tensor_is_damage(place):
    s = schema()
    codes = [s.OperatorCodeT(deprecatedBuiltinCode=min(code, 127), builtinCode=code) for code in (124, 6)]
    t = s.TensorT(shape=[2], type=s.TensorType.INT8, buffer=1, name="t")
    operators = [
        s.OperatorT(opcodeIndex=number, inputs=[given], outputs=[place]) for number, given in ((0, 0), (1, place))
    ]
    graph = s.SubGraphT(tensors=[t], inputs=[], outputs=[0], operators=operators)
    buffers = [s.BufferT(), s.BufferT(data=np.array([1, 2], np.uint8))]
    with pytest.raises(InputError, match="an operator names a tensor that is not there"):
        list(constants(_pack(s.ModelT(version=3, subgraphs=[graph], buffers=buffers, operatorCodes=codes)), "file"))


def test_scales_that_do_not_fit_the_shape_are_damage():
    s = schema()
    quantization = s.QuantizationParametersT(scale=[1.0, 2.0], zeroPoint=[0, 0], quantizedDimension=0)
    t = s.TensorT(shape=[3], type=s.TensorType.INT8, buffer=1, name="t", quantization=quantization)
    y = s.TensorT(shape=[3], type=s.TensorType.FLOAT32, buffer=0, name="y")
    graph = s.SubGraphT(tensors=[t, y], operators=[s.OperatorT(opcodeIndex=0, inputs=[0], outputs=[1])])
    buffers = [s.BufferT(), s.BufferT(data=np.ones(3, np.uint8))]
    code = s.OperatorCodeT(deprecatedBuiltinCode=6, builtinCode=6, version=2)
    data = _pack(s.ModelT(version=3, subgraphs=[graph], buffers=buffers, operatorCodes=[code]))
    with pytest.raises(InputError, match="damaged"):
        list(constants(data, "file"))


def test_text_is_left_out_and_shapes_are_no_weights():
    assert list(constants(_file("STRING", (1,), b"\1\0\0\0\x0c\0\0\0\x0d\0\0\0a"), "file")) == []
    (shape,) = constants(_file("INT32", (2,), struct.pack("<2i", 1, 60)), "file")
    assert not shape.is_weight
    scale = schema().QuantizationParametersT(scale=[0.5], zeroPoint=[0])
    (bias,) = constants(_file("INT32", (2,), struct.pack("<2i", 1, 60), quantization=scale), "file")
    assert bias.is_weight


def test_data_behind_the_flatbuffer_is_read():
    s = schema()
    tensor = s.TensorT(shape=[3], type=s.TensorType.FLOAT32, buffer=1, name="t")
    tables = s.ModelT(version=3, subgraphs=[s.SubGraphT(tensors=[tensor])], operatorCodes=[])
    tables.buffers = [s.BufferT(), s.BufferT(offset=2, size=12)]
    length = len(_pack(tables))
    tables.buffers[1] = s.BufferT(offset=length, size=12)
    data = _pack(tables)
    assert len(data) == length
    array = np.array([1, 2, 3], np.float32)
    (constant,) = constants(data + array.tobytes(), "file")
    np.testing.assert_array_equal(constant.array, array)
    with pytest.raises(InputError, match="ends behind the file"):
        list(constants(data, "file"))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x08\0\0\0ONNX" + bytes(40)])
def test_what_is_no_tflite_file_is_refused_by_its_path(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"model.tflite is not a TFLite file"):
        read(path)
    with pytest.raises(InputError, match=r"model.tflite is not a TFLite file"), opened(path):
        pass
    with pytest.raises(InputError, match=r"cannot read .*absent.tflite: No such file"):
        read(tmp_path / "absent.tflite")
    with (
        pytest.raises(InputError, match=r"cannot read .*absent.tflite: No such file"),
        opened(tmp_path / "absent.tflite"),
    ):
        pass


@pytest.mark.usefixtures("block_size")
def test_a_file_that_stays_where_it_is_has_the_constants_of_its_bytes(tmp_path):
    random = np.random.default_rng(4)
    integers = random.integers(-127, 128, (6, 40)).astype(np.int8)
    scales = Scales(random.uniform(0.1, 1, 6).astype(np.float32))
    for form in (Stored(integers, scales), Stored(integers.astype(np.float16)), Stored(csr.pack(integers, 0), scales)):
        path = tmp_path / "model.tflite"
        path.write_bytes(_sample(form))
        with opened(path) as data:
            found, expected = (list(constants(each, "file")) for each in (data, read(path)))
            assert [each.array.tobytes() for each in found] == [each.array.tobytes() for each in expected]
            assert found[0].array.tobytes() == form.decoded().tobytes()
            assert len(found) == 2


def _outcome(data: bytes) -> None:
    """Read everything; the only exception is an InputError of one line."""
    try:
        list(constants(data, "file"))
    except InputError as error:
        assert "\n" not in str(error)


def test_every_truncation_is_an_input_error_or_still_readable():
    for length in range(8, len(SAMPLE)):
        _outcome(SAMPLE[:length])


@settings(max_examples=400)
@given(st.data())
def test_damage_anywhere_is_contained(data):
    damaged = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(8, len(SAMPLE) - 4))
        number = data.draw(st.sampled_from([0, 1, 0x7F, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(SAMPLE), 0x40000000]))
        damaged[place : place + 4] = struct.pack("<I", number)
    _outcome(bytes(damaged))


def _forged_sparse(shape, dense):
    s = schema()
    levels = [s.DimensionMetadataT(format=s.DimensionType.DENSE, denseSize=size) for size in dense]
    one = s.Uint8VectorT(values=[0, 1]), s.Uint8VectorT(values=[0])
    kind = s.SparseIndexVector.Uint8Vector
    levels.append(
        s.DimensionMetadataT(
            format=s.DimensionType.SPARSE_CSR,
            denseSize=shape[-1],
            arraySegmentsType=kind,
            arraySegments=one[0],
            arrayIndicesType=kind,
            arrayIndices=one[1],
        )
    )
    sparsity = s.SparsityParametersT(traversalOrder=list(range(len(shape))), dimMetadata=levels)
    return _file("FLOAT32", shape, np.ones(1, np.float32).tobytes(), sparsity=sparsity)


@pytest.mark.parametrize(
    "data",
    [
        _file("FLOAT32", (1 << 15, 1 << 15), bytes(64)),
        _file("INT4", (2**31 - 1, 2), bytes(64)),
        _forged_sparse((1, 2**31 - 1), [1]),
        _forged_sparse((2**20, 200), [2**20]),
        _forged_sparse((1, 100), [2**31 - 1]),
    ],
)
def test_a_forged_size_takes_no_memory(data):
    tracemalloc.start()
    with pytest.raises(InputError, match="damaged"):
        list(constants(data, "file"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 24
