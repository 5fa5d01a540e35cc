import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.formats.onnx.decoded import decoded_weights
from edgecompress.formats.onnx.pack import pack_onnx
from edgecompress.formats.onnx.unpack import unpack_onnx
from edgecompress.formats.onnx.widened import NOTE, narrow

RANDOM = np.random.default_rng(0)
VALUES = np.where(RANDOM.random((64, 64)) < 0.1, RANDOM.choice(np.float32([1, -1, 2, 3]), (64, 64)), np.float32(0))
TYPES = {"float16": TensorProto.FLOAT16, "bfloat16": TensorProto.BFLOAT16, "int8": TensorProto.INT8}


def save(path, arrays):
    """Products with weights, each of (type, array, further node); what has a type lies behind a Cast."""
    nodes, initializers, given = [], [], "x"
    for name, (kind, array, after) in arrays.items():
        stored = array.astype(np.int8) if kind == "int8" else array
        made = f"{name} stored" if kind else name
        initializers.append(
            helper.make_tensor(made, TYPES[kind], array.shape, stored.flatten())
            if kind
            else numpy_helper.from_array(array, name)
        )
        if kind:
            cast = f"{name} cast" if after else name
            nodes.append(helper.make_node("Cast", [made], [cast], to=TensorProto.FLOAT))
            if after:
                nodes.append(helper.make_node(after, [cast], [name]))
        nodes.append(helper.make_node("MatMul", [given, name], [f"{name} out"]))
        given = f"{name} out"
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 64]) for name in ("x", given)]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("again", [False, True])
def test_what_a_cast_widens_comes_back_as_narrow_as_it_was(tmp_path, kind, again):
    arrays = {
        "a": (kind, VALUES, None),
        "turned": (kind, VALUES, "Transpose"),
        "float32": (None, VALUES + np.float32(0.25) * (VALUES != 0), None),
    }
    source = save(tmp_path / "m.onnx", arrays)
    packed = tmp_path / "p.onnx"
    pack_onnx(source, packed)
    if again:
        pack_onnx(packed, tmp_path / "p2.onnx", encoding="fast-load", any_gain=True)
        packed = tmp_path / "p2.onnx"
    assert packed.stat().st_size < source.stat().st_size / 3
    plain = tmp_path / "plain.onnx"
    unpack_onnx(packed, plain)
    before, after = decoded_weights(source), decoded_weights(plain)
    assert before.keys() == after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    types = sorted(each.data_type for each in onnx.load(plain).graph.initializer)
    assert types == sorted([TYPES[kind]] * 2 + [TensorProto.FLOAT])
    assert plain.stat().st_size < 64 * 64 * (4 + 2 * (1 if kind == "int8" else 2)) + 600
    assert not any(entry.key.startswith(NOTE) for entry in onnx.load(plain).metadata_props)
    x = RANDOM.normal(size=(2, 64)).astype(np.float32)
    outputs = {onnxruntime.InferenceSession(p).run(None, {"x": x})[0].tobytes() for p in (source, packed, plain)}
    assert len(outputs) == 1


def test_what_is_noted_and_would_lose_a_bit_or_is_not_there_stays():
    a, b = (
        ir.Value(name=name, const_value=ir.Tensor(np.float32(v), name=name)) for name, v in (("a", [1]), ("b", [0.1]))
    )
    node = ir.node("Add", [a, b], outputs=[ir.Value(name="y")])
    model = ir.Model(ir.Graph([], [node.outputs[0]], nodes=[node], initializers=[a, b]), ir_version=8)
    model.metadata_props[NOTE + "float16"] = "b\nmissing\na"
    narrow(model)
    assert [each.op_type for each in model.graph] == ["Cast", "Add"]
    assert {name: value.const_value.dtype.name for name, value in model.graph.initializers.items()} == {
        "b": "FLOAT",
        "a float16": "FLOAT16",
    }
    assert not model.metadata_props
