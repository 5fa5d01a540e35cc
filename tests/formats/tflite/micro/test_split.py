import numpy as np
import pytest

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.micro.split import split_layers

from .test_rewrite import NAME, outputs


def cut(source, target, largest):
    _, model = model_file.parse(source)
    split_layers(model, model.subgraphs[0], largest)
    target.write_bytes(model_file.serialize(model))
    return model


@pytest.mark.parametrize("largest", [20_000, 7_000])
def test_litert_computes_the_same_from_the_parts(int8_bundle, tmp_path, largest):
    """The plain kernels of LiteRT are the reference: the parts are an ordinary network."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    model = cut(int8_bundle / NAME, tmp_path / "cut.tflite", largest)
    names = [model_file.operator_name(model, each) for each in model.subgraphs[0].operators]
    assert names.count("CONCATENATION") >= 2
    found = []
    for path in (int8_bundle / NAME, tmp_path / "cut.tflite"):
        made = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        made.allocate_tensors()
        for row in np.load(int8_bundle / "eval.npz")["x"][:20]:
            made.set_tensor(made.get_input_details()[0]["index"], np.moveaxis(row, 0, -1)[np.newaxis])
            made.invoke()
            found.append(made.get_tensor(made.get_output_details()[0]["index"]))
    assert np.array_equal(found[:20], found[20:])


def test_parts_are_even_and_no_larger_than_allowed(int8_bundle, tmp_path):
    model = cut(int8_bundle / NAME, tmp_path / "cut.tflite", 10_000)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if model_file.operator_name(model, operator) == "CONCATENATION":
            rows = [graph.tensors[place].shape[-1] for place in operator.inputs]
            assert max(rows) - min(rows) <= len(rows)
            assert sum(rows) == graph.tensors[operator.outputs[0]].shape[-1]
    sizes = [np.prod(each.shape) for each in graph.tensors if b".weight/part" in (each.name or b"")]
    assert 0 < max(sizes) <= 10_000


def test_what_would_be_too_many_parts_stays_whole(int8_bundle, tmp_path):
    model = cut(int8_bundle / NAME, tmp_path / "cut.tflite", 200)
    large = [each for each in model.subgraphs[0].tensors if (each.name or b"").endswith(b"conv4.weight")]
    readers = [
        each
        for each in model.subgraphs[0].operators
        if any(model.subgraphs[0].tensors[i] in large for i in each.inputs if i >= 0)
    ]
    assert len(readers) == 1
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    assert runtime
    x = np.load(int8_bundle / "eval.npz")["x"][:5]
    assert np.array_equal(outputs(tmp_path / "cut.tflite", x), outputs(int8_bundle / NAME, x))


def test_a_convolution_in_groups_stays_whole(int8_bundle, tmp_path):
    _, model = model_file.parse(int8_bundle / NAME)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if model_file.operator_name(model, operator) == "CONV_2D":
            given = graph.tensors[operator.inputs[0]]
            given.shape = [*given.shape[:-1], 2 * given.shape[-1]]  # as of two groups
    split_layers(model, graph, 10_000)
    assert "CONCATENATION" not in [model_file.operator_name(model, each) for each in graph.operators]
