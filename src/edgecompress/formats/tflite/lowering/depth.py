"""DepthToSpace and SpaceToDepth."""

import onnx_ir as ir

from edgecompress.formats.tflite.lowering.context import Lowering, Value, image_view, output_name, refused
from edgecompress.formats.tflite.lowering.shape import reshaped, turned


def depth_to_space(node: ir.Node, lowering: Lowering) -> Value:
    """DepthToSpace; DCR is TFLite's own, CRD (PixelShuffle; Shi et al. 2016, equation 4) is a TRANSPOSE."""
    value, name, block = lowering.value(node), output_name(node), node.attributes.get_int("blocksize", 1)
    batch, channels, height, width = _shape(node, value)
    if channels % block**2:
        raise refused(node, f"its {channels} channels are no whole number of blocks of {block} by {block}")
    shape = (batch, channels // block**2, height * block, width * block)
    if node.attributes.get_string("mode", "DCR") == "DCR":
        image = lowering.image(value, f"{name}/input")
        view = image_view(shape)
        return Value(lowering.emit("DEPTH_TO_SPACE", [image], view.shape, name, blockSize=block), shape, view)
    apart = reshaped(value, (batch, shape[1], block, block, height, width))
    return reshaped(turned(apart, (0, 1, 4, 2, 5, 3), lowering, name), shape)


def space_to_depth(node: ir.Node, lowering: Lowering) -> Value:
    """SpaceToDepth; DCR is TFLite's own, CRD a TRANSPOSE."""
    value, name, block = lowering.value(node), output_name(node), node.attributes.get_int("blocksize", 1)
    batch, channels, height, width = _shape(node, value)
    if height % block or width % block:
        raise refused(node, f"its input {value.shape} is no whole number of blocks of {block} by {block}")
    shape = (batch, channels * block**2, height // block, width // block)
    if node.attributes.get_string("mode", "DCR") == "CRD":
        apart = reshaped(value, (batch, channels, height // block, block, width // block, block))
        return reshaped(turned(apart, (0, 1, 3, 5, 2, 4), lowering, name), shape)
    image = lowering.image(value, f"{name}/input")
    view = image_view(shape)
    return Value(lowering.emit("SPACE_TO_DEPTH", [image], view.shape, name, blockSize=block), shape, view)


def _shape(node: ir.Node, value: Value) -> tuple[int, int, int, int]:
    if len(value.shape) != 4:
        raise refused(node, f"its input has the shape {value.shape}; it must be (N, C, H, W)")
    batch, channels, height, width = value.shape
    return batch, channels, height, width
