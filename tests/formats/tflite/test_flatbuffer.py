import importlib
import io

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite import flatbuffer, tables
from edgecompress.formats.tflite.schema import schema

ARRAYS = [
    np.arange(30000, dtype=np.float32),
    np.arange(7, dtype=np.int8),
    np.arange(70001, dtype=np.uint8),
    np.arange(40000, dtype=np.float32).reshape(200, 200).T,
    np.zeros(0, np.uint8),
    np.arange(33000, dtype=np.float16).reshape(3, 11000)[:, ::2],
]


def _model(make):
    """A model whose buffers, and an index vector among its tables, are larger than what is copied."""
    s = schema()
    sparse = s.DimensionMetadataT(
        format=s.DimensionType.SPARSE_CSR,
        arraySegmentsType=s.SparseIndexVector.Int32Vector,
        arraySegments=s.Int32VectorT(np.arange(50000, dtype=np.int32)),
    )
    sparsity = s.SparsityParametersT(traversalOrder=[0], dimMetadata=[sparse])
    graph = s.SubGraphT(tensors=[s.TensorT(name="w", shape=[1], sparsity=sparsity, buffer=1)], name="main")
    return s.ModelT(version=3, subgraphs=[graph], buffers=[make(array) for array in ARRAYS], description="some")


def _by_the_package():
    """The file that the flatbuffers package makes, with all in one buffer."""
    s = schema()

    class Aligned(s.BufferT):
        def Pack(self, builder):  # noqa: N802
            vector = None
            if self.data:
                builder.StartVector(1, len(self.data), 16)
                builder.head -= len(self.data)
                builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
                vector = builder.EndVector()
            s.BufferStart(builder)
            if vector is not None:
                s.BufferAddData(builder, vector)
            return s.BufferEnd(builder)

    builder = importlib.import_module("flatbuffers").Builder(64)
    builder.Finish(_model(lambda array: Aligned(data=array.tobytes())).Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_equal_vectors_are_written_once():
    s = schema()

    def size(count, zeros):
        scales = [np.full(300, 1 + number, np.float32) for number in range(count)]
        tables_ = [s.QuantizationParametersT(scale=scale, zeroPoint=zeros) for scale in scales]
        graph = s.SubGraphT(tensors=[s.TensorT(name="w", shape=[1], quantization=each) for each in tables_])
        model = tables.packed(s.ModelT(version=3, subgraphs=[graph]), 0)
        (read,) = s.ModelT.InitFromObj(s.Model.GetRootAs(bytes(model))).subgraphs
        for tensor, scale in zip(read.tensors, scales, strict=True):
            np.testing.assert_array_equal(tensor.quantization.scale, scale)
            np.testing.assert_array_equal(tensor.quantization.zeroPoint, zeros)
        return len(model)

    zeros = np.zeros(300, np.int64)
    assert size(2, zeros) - size(1, zeros) < 4 * 300 + 200


@pytest.mark.parametrize("expected", [0, sum(array.nbytes for array in ARRAYS), 1 << 24])
def test_the_bytes_are_those_of_the_package_however_much_room_was_asked_for(expected):
    made = tables.packed(_model(tables.aligned_buffer), expected)
    assert bytes(made) == _by_the_package()
    assert len(made) == len(bytes(made))
    stream = io.BytesIO()
    made.write(stream)
    assert stream.getvalue() == bytes(made)


def test_large_arrays_are_not_copied_and_small_ones_are():
    parts = tables.packed(_model(tables.aligned_buffer), 0).parts
    large = [part for part in parts if isinstance(part, np.ndarray)]
    assert [array.nbytes for array in large] == [array.nbytes for array in (ARRAYS[3], ARRAYS[2], ARRAYS[0])] + [200000]
    assert all(any(part is array for array in ARRAYS) for part in large[:3])
    assert sum(len(part) for part in parts if isinstance(part, bytes)) < 1 << 16


def test_what_a_flatbuffer_cannot_hold_is_refused_at_the_start_or_when_it_turns_out(monkeypatch):
    with pytest.raises(InputError, match="ends at 2 GiB"):
        flatbuffer.builder(flatbuffer.LARGEST_FILE)
    monkeypatch.setattr(flatbuffer, "LARGEST_FILE", (1 << 18) - 1)
    monkeypatch.setattr(flatbuffer, "_TABLES", 0)
    with pytest.raises(InputError, match="ends at 2 GiB"):
        tables.packed(_model(tables.aligned_buffer), 0)
