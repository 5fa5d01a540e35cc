import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _array(*shape):
    return np.random.default_rng(3).normal(0, 1, shape).astype(np.float32)


def _ints(*numbers):
    return np.array(numbers, np.int64)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_concat_along_any_axis_moves_nothing(agree, onnx_model, axis):
    node = helper.make_node("Concat", ["a", "b", "c"], ["y"], axis=axis)
    codes = agree(onnx_model([node], {"a": (2, 3, 4, 5), "b": (2, 3, 4, 5)}, {"c": _array(2, 3, 4, 5)}))
    assert codes == ["CONCATENATION"]


def test_many_values_are_joined_in_a_tree(agree, onnx_model):
    names = [f"x{number}" for number in range(12)]
    node = helper.make_node("Concat", names, ["y"], axis=1)
    agree(onnx_model([node], {name: (1, 1 + number, 3, 3) for number, name in enumerate(names)}))


@pytest.mark.parametrize(("axis", "sizes"), [(1, (2, 4)), (1, None), (0, (1, 1)), (-1, (3, 2)), (3, None)])
def test_split_in_equal_parts_and_others(agree, onnx_model, axis, sizes):
    inputs, constants = (["x"], {}) if sizes is None else (["x", "s"], {"s": _ints(*sizes)})
    options = {"num_outputs": 2} if sizes is None else {}
    node = helper.make_node("Split", inputs, ["a", "b"], axis=axis, **options)
    model = onnx_model([node], {"x": (2, 6, 4, 5)}, constants, outputs=("a", "b"))
    assert agree(model) == ["SLICE", "SLICE"]


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ((1,), (3,), (1,), None),
        ((0, 1), (99, -1), (1, 3), None),
        ((-2,), (99,), (2,), None),
        ((0, 1), (99, 99), (2, 3), (2, 3)),
        ((-1,), (-99,), (1,), (-1,)),
        ((3, 4), (0, 0), (2, 3), (-1, -2)),
    ],
)
def test_slices(agree, onnx_model, starts, ends, axes, steps):
    constants = {"s": _ints(*starts), "e": _ints(*ends), "a": _ints(*axes)} | ({"t": _ints(*steps)} if steps else {})
    node = helper.make_node("Slice", ["x", *constants], ["y"])
    codes = agree(onnx_model([node], {"x": (2, 6, 4, 5)}, constants))
    assert codes == (["STRIDED_SLICE"] if steps else ["SLICE"])


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 1, 5), (5,), (2, 2, 3, 4, 5)])
def test_expand(agree, onnx_model, shape):
    agree(onnx_model([helper.make_node("Expand", ["x", "s"], ["y"])], {"x": (1, 3, 4, 1)}, {"s": _ints(*shape[-4:])}))


def test_tile(agree, onnx_model):
    agree(onnx_model([helper.make_node("Tile", ["x", "r"], ["y"])], {"x": (1, 3, 4, 5)}, {"r": _ints(2, 1, 3, 1)}))


@pytest.mark.parametrize(
    ("node", "constants", "reason"),
    [
        (helper.make_node("Concat", ["x", "z"], ["y"], name="n", axis=1), {}, "do not fit each other along axis 1"),
        (helper.make_node("Split", ["x", "s"], ["y"], name="n", axis=1), {"s": _ints(2)}, "do not make 1 outputs"),
        (helper.make_node("Slice", ["x", "s", "s"], ["y"], name="n"), {"s": _ints(1)}, "takes nothing of axis 0"),
        (helper.make_node("Expand", ["x", "s"], ["y"], name="n"), {"s": _ints(2, 2, 2, 2)}, "cannot be expanded"),
        (helper.make_node("Tile", ["x", "s"], ["y"], name="n"), {"s": _ints(2, 2)}, "do not fit"),
    ],
)
def test_what_does_not_fit_is_refused(onnx_model, node, constants, reason):
    model = onnx_model([node], {"x": (1, 3, 4, 5), "z": (1, 3, 4, 4)}, constants)
    with pytest.raises(InputError, match=f"cannot write {node.op_type} 'n' to TFLite: .*{reason}"):
        lower(ir.from_proto(model))
