import importlib.metadata

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgecompress.agent.engines.contract import EngineInput
from edgecompress.agent.engines.litert_engine import interpreter, load
from edgecompress.agent.errors import JobError, RuntimeRefusedError


def test_it_computes_the_model_and_tells_what_it_is(files, x, expected):
    engine = load(files["tflite"][0], 1, 1)
    assert (engine.runtime, engine.version) == ("litert", importlib.metadata.version("ai-edge-litert"))
    assert engine.inputs == (EngineInput("x", (1, 2, 4, 3), "float32"),)
    assert engine.details == {"delegates": ["XNNPACK"]}
    first = np.ascontiguousarray(np.moveaxis(x[:1], 1, -1))
    np.testing.assert_allclose(engine.run({"x": first})[0], expected[:1], rtol=1e-5, atol=1e-5)


def test_an_output_stays_what_it_was_when_the_next_one_is_computed(files, x):
    engine = load(files["tflite"][0], 1, 1)
    rows = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    (first,) = engine.run({"x": rows[:1]})
    kept = first.copy()
    engine.run({"x": rows[1:2]})
    assert np.array_equal(first, kept)


def test_a_fixed_batch_and_a_corrupt_file_are_refused(files, tmp_path):
    with pytest.raises(JobError, match='takes batches of 1 and no other; set "batch": 1'):
        load(files["tflite"][0], 1, 4)
    (tmp_path / "m.tflite").write_bytes(b"\0" * 100)
    with pytest.raises(RuntimeRefusedError, match=r"^litert does not load m\.tflite: .+$"):
        load(tmp_path / "m.tflite", 1, 1)


def doubled(path, *kinds, scale=None, batch=1, free=False):
    """A file that doubles each of its inputs, (batch, 2) of these types; with a scale they are quantised."""
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    for number, kind in enumerate(kinds):
        for name in (f"given {number}", f"doubled {number}"):
            tensor = schema.TensorT()
            tensor.name, tensor.shape, tensor.buffer, tensor.type = name.encode(), [batch, 2], 1, kind
            tensor.shapeSignature = [-1, 2] if free else None
            if scale is not None:
                tensor.quantization = schema.QuantizationParametersT()
                tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [0]
            graph.tensors.append(tensor)
        operator = schema.OperatorT()
        operator.inputs, operator.outputs, operator.opcodeIndex = [2 * number, 2 * number], [2 * number + 1], 0
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
        graph.operators.append(operator)
    graph.inputs = [2 * number for number in range(len(kinds))]
    graph.outputs = [number + 1 for number in graph.inputs]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.ADD
    code.version = 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [schema.BufferT(), schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_several_inputs_of_any_numbers_are_taken_and_every_output_is_given(tmp_path):
    engine = load(doubled(tmp_path / "m.tflite", schema.TensorType.FLOAT32, schema.TensorType.INT32), 1, 1)
    assert engine.inputs == (EngineInput("given 0", (1, 2), "float32"), EngineInput("given 1", (1, 2), "int32"))
    feed = {"given 0": np.array([[0.5, 1]], np.float32), "given 1": np.array([[7, -3]], np.int32)}
    assert [made.tolist() for made in engine.run(feed)] == [[[1, 2]], [[14, -6]]]


def test_without_a_batch_a_file_takes_its_own_where_that_is_fixed_else_one(tmp_path):
    kind = schema.TensorType.FLOAT32
    fixed = load(doubled(tmp_path / "fixed.tflite", kind, batch=8), 1, None)
    free = load(doubled(tmp_path / "free.tflite", kind, batch=8, free=True), 1, None)
    assert (fixed.inputs[0].shape, free.inputs[0].shape) == ((8, 2), (1, 2))


def test_an_interpreter_of_bytes_can_do_without_the_default_delegate(tmp_path):
    content = doubled(tmp_path / "m.tflite", schema.TensorType.FLOAT32).read_bytes()
    parts = []
    for plain in (False, True):
        made = interpreter(content, plain=plain)
        made.allocate_tensors()
        made.set_tensor(made.get_input_details()[0]["index"], np.array([[1, 2]], np.float32))
        made.invoke()
        assert made.get_tensor(made.get_output_details()[0]["index"]).tolist() == [[2, 4]]
        parts.append(sum("xnnpack" in each["op_name"].lower() or "delegate" in each["op_name"].lower()
                         for each in made._get_ops_details()))  # fmt: skip
    assert parts == [1, 0]


def test_quantised_inputs_are_refused_because_real_ones_would_have_to_be_rounded(tmp_path):
    path = doubled(tmp_path / "m.tflite", schema.TensorType.INT8, scale=0.5)
    with pytest.raises(JobError, match=r"takes quantised int8 as 'given 0'; the agent feeds .* as they are"):
        load(path, 1, 1)
