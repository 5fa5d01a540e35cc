import onnx_ir as ir
import pytest
from onnx import helper

from edgecompress.errors import InputError
from edgecompress.formats.tflite.lowering.model import lower


@pytest.mark.parametrize(
    ("op", "attributes", "shape", "codes"),
    [
        ("DepthToSpace", {"mode": "DCR"}, (2, 12, 2, 3), ["DEPTH_TO_SPACE"]),
        ("DepthToSpace", {"mode": "CRD"}, (2, 12, 2, 3), ["RESHAPE", "TRANSPOSE", "RESHAPE"]),
        ("SpaceToDepth", {}, (2, 3, 4, 6), ["SPACE_TO_DEPTH"]),
        # A mode since opset 27, which onnxruntime does not know yet: the node tests of ONNX have it.
    ],
)
def test_blocks_of_places_and_channels(agree, onnx_model, op, attributes, shape, codes):
    node = helper.make_node(op, ["x"], ["y"], blocksize=2, **attributes)
    assert agree(onnx_model([node], {"x": shape})) == codes


@pytest.mark.parametrize(("op", "shape"), [("DepthToSpace", (1, 3, 2, 2)), ("SpaceToDepth", (1, 3, 3, 2))])
def test_blocks_that_are_not_whole_are_refused(onnx_model, op, shape):
    node = helper.make_node(op, ["x"], ["y"], name="n", blocksize=2)
    with pytest.raises(InputError, match=f"cannot write {op} 'n' to TFLite: .*no whole number of blocks"):
        lower(ir.from_proto(onnx_model([node], {"x": shape})))
