import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


def _ints(*numbers):
    return np.array(numbers, np.int64)


@pytest.mark.parametrize(
    ("pads", "codes"),
    [
        ((0, 0, 1, 2, 0, 0, 2, 1), ["PAD"]),
        ((1, 2, 0, 0, 0, 0, 3, 0), ["PAD"]),
        ((0, 0, -1, 1, 0, 0, 0, -2), ["SLICE", "PAD"]),
    ],
)
def test_zeros_around_any_axes_and_negative_pads_that_cut(agree, onnx_model, pads, codes):
    node = helper.make_node("Pad", ["x", "p"], ["y"])
    assert agree(onnx_model([node], {"x": (2, 3, 4, 5)}, {"p": _ints(*pads)})) == codes


@pytest.mark.parametrize("shape", [(1, 3, 9), (1, 3, 4, 9)])
def test_a_value_and_a_reflection_along_one_axis(agree, onnx_model, shape):
    constants = {"p": _ints(2, 3), "v": np.asarray(np.float32(-1.5)), "a": _ints(-1)}
    codes = agree(onnx_model([helper.make_node("Pad", ["x", "p", "v", "a"], ["y"])], {"x": shape}, constants))
    assert "PADV2" in codes
    node = helper.make_node("Pad", ["x", "p", "", "a"], ["y"], mode="reflect")
    del constants["v"]
    assert "MIRROR_PAD" in agree(onnx_model([node], {"x": shape}, constants))


@pytest.mark.parametrize(
    ("mode", "pads", "reason"), [("edge", (1, 1), "its mode is edge"), ("reflect", (5, 0), "reflects")]
)
def test_other_modes_are_refused(onnx_model, mode, pads, reason):
    node = helper.make_node("Pad", ["x", "p", "", "a"], ["y"], name="n", mode=mode)
    model = onnx_model([node], {"x": (1, 3, 4, 5)}, {"p": _ints(*pads), "a": _ints(3)})
    with pytest.raises(InputError, match=f"cannot write Pad 'n' to TFLite: .*{reason}"):
        lower(ir.from_proto(model))
