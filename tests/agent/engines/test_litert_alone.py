"""Held against the schema's own classes, which read what is written here without knowing how."""

import struct

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgecompress.agent.engines.litert_alone import alone
from edgecompress.agent.errors import NotOfferedError


def both(path):
    """The model of a file, and that of its bytes with the front before them."""
    content = path.read_bytes()
    front, parts = alone(content)
    read = [schema.ModelT.InitFromObj(schema.Model.GetRootAs(each, 0)) for each in (content, front + content)]
    return *read, parts, front


def data(buffer):
    return b"" if buffer.data is None else bytes(buffer.data)


def test_the_whole_graph_comes_first_and_each_operator_follows(graph):
    whole, made, parts, front = both(graph)
    assert front[4:8] == b"TFL3"
    assert len(front) % 64 == 0  # weights stay aligned
    first, *others = made.subgraphs
    assert list(first.inputs) == list(whole.subgraphs[0].inputs)
    assert [each.opcodeIndex for each in first.operators] == [each.opcodeIndex for each in whole.subgraphs[0].operators]
    assert len(others) == len(parts)
    for graph_alone, part in zip(others, parts, strict=True):
        assert tuple(graph_alone.inputs) == part.inputs
        assert tuple(graph_alone.outputs) == part.outputs
        assert [each.name for each in graph_alone.tensors] == [each.name for each in first.tensors]
        assert tuple(graph_alone.operators[-1].outputs) == part.outputs
    assert [data(each) for each in made.buffers] == [data(each) for each in whole.buffers]
    assert [each.name for each in made.metadata] == [each.name for each in whole.metadata]


def test_a_padding_runs_with_its_convolution_and_decoding_with_what_needs_it(graph):
    _, made, parts, _ = both(graph)
    names = {"t4": ["PAD", "DEQUANTIZE", "CONV_2D"], "t5": ["PAD"], "t6": ["RELU"]}
    codes = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    found = {
        part.name: sorted(codes[made.operatorCodes[each.opcodeIndex].builtinCode] for each in alone_.operators)
        for part, alone_ in zip(parts, made.subgraphs[1:], strict=True)
    }
    assert found == {name: sorted(kinds) for name, kinds in names.items()}
    # The padding and the convolution are the part's; decoding is not named, as the runtime does it once.
    assert [len(part.operators) for part in parts] == [2, 1, 1]
    assert parts[0].inputs == (0,)


def test_the_empty_shape_of_a_scalar_is_no_input(graph):
    """Nothing gives its values, for it has none: no buffer, as converters write it."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(graph.read_bytes(), 0))
    shape = schema.TensorT()
    shape.name, shape.shape, shape.type = b"shape", [0], schema.TensorType.INT32
    (only,) = model.subgraphs
    only.tensors.append(shape)
    last = only.operators[-1]
    last.inputs = [int(last.inputs[0]), len(only.tensors) - 1]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    parts = alone(bytes(builder.Output()))[1]
    assert parts[-1].inputs == (int(last.inputs[0]),)


def test_what_cannot_stand_alone_is_named(write):
    with pytest.raises(NotOfferedError, match="branches or loops"):
        alone(write(graphs=2).read_bytes())
    with pytest.raises(NotOfferedError, match="no numbers"):
        alone(write(kind=schema.TensorType.STRING).read_bytes())


def test_what_is_no_such_file_is_an_error_of_reading():
    for content in (b"", b"no TFLite file at all, but some bytes", struct.pack("<I", 2**31) + b"TFL3" * 9):
        with pytest.raises((struct.error, IndexError, NotOfferedError)):
            alone(content)
