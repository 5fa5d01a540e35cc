import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgecompress.formats.ecz.found import FoundCsr
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.arrays import find


def model(*tensors):
    """A file of constant tensors: (array), or (values, sparsity, shape)."""
    made = schema.ModelT()
    graph, made.buffers = schema.SubGraphT(), [schema.BufferT()]
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [], [], [], []
    for number, (values, sparsity, shape) in enumerate(tensors):
        tensor, buffer = schema.TensorT(), schema.BufferT()
        tensor.name, tensor.shape, tensor.buffer, tensor.sparsity = f"t{number}", list(shape), number + 1, sparsity
        tensor.type = {"f4": schema.TensorType.FLOAT32, "f2": schema.TensorType.FLOAT16}[values.dtype.str[1:]]
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        graph.tensors.append(tensor)
        made.buffers.append(buffer)
    made.version, made.subgraphs, made.operatorCodes = 3, [graph], []
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def vector(array):
    kind = {1: "Uint8Vector", 2: "Uint16Vector", 4: "Int32Vector"}[array.itemsize]
    made = getattr(schema, f"{kind}T")()
    made.values = array
    return getattr(schema.SparseIndexVector, kind), made


def sparse(array, inner, *, change=lambda segments, indices: (segments, indices)):
    packed = csr.pack(array, inner)
    made = schema.SparsityParametersT()
    made.traversalOrder, made.dimMetadata = list(packed.traversal), []
    for place, dimension in enumerate(packed.traversal):
        metadata = schema.DimensionMetadataT()
        metadata.denseSize = array.shape[dimension]
        if place == len(packed.traversal) - 1:
            metadata.format = schema.DimensionType.SPARSE_CSR
            segments, indices = change(packed.segments, packed.indices)
            metadata.arraySegmentsType, metadata.arraySegments = vector(segments)
            metadata.arrayIndicesType, metadata.arrayIndices = vector(indices)
        made.dimMetadata.append(metadata)
    return packed, (packed.values, made, array.shape)


@pytest.fixture
def weights():
    generator = np.random.default_rng(6)
    dense = generator.normal(size=(6, 3, 3, 40)).astype(np.float16)
    return np.where(generator.random(dense.shape) < 0.1, dense, np.float16(0))


def content(data, extent):
    return data[extent.at : extent.at + extent.bytes]


def test_dense_tensors_are_found_once_for_each_buffer():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    data = model((array, None, array.shape), (array[:1], None, (1, 4)))
    whole, row = find(data)
    assert content(data, whole.extent) == array.tobytes()
    assert [each.count for each in whole.channels] == [3, 4]
    assert (row.extent.count, row.extent.width, row.floating) == (4, 32, True)


@pytest.mark.parametrize("inner", [0, 1, 3])
def test_sparse_tensors_with_the_channels_of_their_positions(weights, inner):
    packed, tensor = sparse(weights, inner)
    data = model(tensor)
    (found,) = find(data)
    assert isinstance(found, FoundCsr)
    assert content(data, found.values) == packed.values.tobytes()
    assert content(data, found.indices) == packed.indices.tobytes()
    assert content(data, found.ends) == packed.segments[1:].tobytes()
    places = np.repeat(np.arange(len(packed.segments) - 1), np.diff(packed.segments.astype(int))) * found.row
    walked = np.transpose(np.indices(weights.shape), (0, *(1 + d for d in packed.traversal))).reshape(4, -1)
    of_output, of_last = (each.of(places + packed.indices) for each in found.channels)
    assert (of_output == walked[0][places + packed.indices]).all()
    assert (of_last == walked[3][places + packed.indices]).all()


def test_rows_that_do_not_rise_are_three_arrays(weights):
    packed, tensor = sparse(weights, 3, change=lambda segments, indices: (segments, indices[::-1].copy()))
    found = find(model(tensor))
    assert [each.extent.count for each in found] == [len(packed.segments), *[len(packed.indices)] * 2]


def test_damaged_files(weights):
    data = model(sparse(weights, 3)[1])
    for place in range(8, len(data), 7):
        for byte in (0, 255):
            try:
                found = find(data[:place] + bytes([byte]) + data[place + 1 :])
            except ValueError:
                continue
            assert len(found) <= 3
    with pytest.raises(ValueError, match=r"."):
        find(data[:40])
