"""Resize and Upsample, by any of ONNX's rules.

Each axis is resized on its own, and what comes out is linear in what goes in: a matrix (out, in), which the reference
implementation of ONNX gives when it resizes the identity. Where the matrices of height and width are those of TFLite's
RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR, it is that operator; where each row has one 1, it is a GATHER; any other is
a FULLY_CONNECTED along its axis.
"""

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray
from edgecompress.formats.tflite.lowering import constants
from edgecompress.formats.tflite.lowering.context import Lowering, Value, image_view, output_name, refused
from edgecompress.formats.tflite.lowering.dense import fully_connected
from edgecompress.formats.tflite.lowering.gathering import at
from edgecompress.formats.tflite.lowering.shape import axes_of, turned

# How far a weight of TFLite's may be from ONNX's: both are float32 of the same fraction, computed in another order.
_SLACK = 1e-5
_NATIVE = {
    "linear": ("RESIZE_BILINEAR", ((False, True), (False, False), (True, False))),
    "nearest": ("RESIZE_NEAREST_NEIGHBOR", ((False, False), (False, True), (True, False))),
}


def resize(node: ir.Node, lowering: Lowering) -> Value:
    """Resize by constant scales or to constant sizes; any mode, any axes; not tf_crop_and_resize, no kept ratio."""
    value, name = lowering.value(node), output_name(node)
    mode = node.attributes.get_string("mode", "nearest")
    if node.attributes.get_string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        raise refused(node, "tf_crop_and_resize has no TFLite form; crop with Slice before it")
    if node.attributes.get_string("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise refused(node, "only keep_aspect_ratio_policy = stretch is supported; give the sizes themselves")
    found = {
        axis: each for axis, each in _axes(node, lowering, value).items() if not np.array_equal(each, np.eye(len(each)))
    }
    native = _native(mode.removeprefix("bi"), value, found)
    if native is not None:
        code, (corners, centres), shape = native
        image = lowering.image(value, f"{name}/input")
        view = image_view(shape)
        sizes = lowering.integers(f"{name}/sizes", view.shape[1:3])
        tensor = lowering.emit(
            code, [image, sizes], view.shape, name, version=3, alignCorners=corners, halfPixelCenters=centres
        )
        return Value(tensor, shape, view)
    for axis, matrix in found.items():
        own = f"{name}/axis{axis}"
        picked = matrix.argmax(axis=1)
        if np.array_equal(matrix, np.eye(matrix.shape[1], dtype=np.float32)[picked]):
            value = at(lowering, value, axis, [int(place) for place in picked], own)
            continue
        # The axis as the last one, for the matrix; the order of the others is remembered by the view.
        rank = len(value.shape)
        order = (*(other for other in range(rank) if other != axis), axis)
        value = turned(value, order, lowering, own)
        value = fully_connected(node, lowering, value, matrix, f"{own}/weights", own)
        value = turned(value, tuple(order.index(other) for other in range(rank)), lowering, own)
    return value


def _axes(node: ir.Node, lowering: Lowering, value: Value) -> dict[int, FloatArray]:
    """The matrix of each axis that the node names."""
    rank = len(value.shape)
    first = 1 if lowering.opset < 11 else 2
    scales, sizes = lowering.constant(node, first), lowering.constant(node, 3)
    if scales is None and "scales" in node.attributes:
        scales = np.array(node.attributes.get_floats("scales"), np.float32)
    axes = axes_of(node, lowering, 99)
    axes = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    given = scales if scales is not None and scales.size else sizes
    if given is None or len(given) != len(axes) or min(given.reshape(-1), default=1) <= 0:
        raise refused(node, f"its scales or sizes {given} do not fit {value.shape}")
    by_scale = scales is not None and scales.size > 0
    found = {}
    for axis, number in zip(axes, given, strict=True):
        size = value.shape[axis]
        if number == (1 if by_scale else size):
            continue
        found[axis] = _matrix(node, lowering, size, number, by_scale=by_scale)
        if not len(found[axis]):
            raise refused(node, f"it leaves nothing of axis {axis} of {value.shape}")
    return found


def _matrix(node: ir.Node, lowering: Lowering, size: int, number: np.generic, *, by_scale: bool) -> FloatArray:
    """(out, in): what the node makes of the identity along its first axis."""
    attributes = {
        key: attribute
        for key, attribute in node.attributes.items()
        if key not in ("axes", "scales", "keep_aspect_ratio_policy")
    }
    if lowering.opset < 11:
        # Upsample, and the first Resize, had one rule.
        attributes = {
            key: ir.AttrString(key, text)
            for key, text in (
                ("mode", node.attributes.get_string("mode", "nearest")),
                ("coordinate_transformation_mode", "asymmetric"),
                ("nearest_mode", "floor"),
            )
        }
    axes = ir.AttrInt64s("axes", [0])
    single = ir.Node("", "Resize", [], attributes=[*attributes.values(), axes])
    identity = np.eye(size, dtype=np.float32)
    scale, wanted = (np.array([number], np.float32), None) if by_scale else (None, np.array([number], np.int64))
    try:
        made = constants.computed(single, [identity, None, scale, wanted], max(19, lowering.opset))
    except Exception as error:  # the reference implementation raises whatever NumPy did
        raise refused(node, f"ONNX's reference does not resize so ({error})") from error
    return np.ascontiguousarray(made[0], np.float32)


def _native(
    mode: str, value: Value, found: dict[int, FloatArray]
) -> tuple[str, tuple[bool, bool], tuple[int, ...]] | None:
    """The operator and its options that resize height and width so, and the shape that it gives."""
    rank = len(value.shape)
    if mode not in _NATIVE or rank not in (3, 4) or not found or min(found) < 2:
        return None
    code, choices = _NATIVE[mode]
    shape = (*value.shape[:2], *(len(found[a]) if a in found else value.shape[a] for a in range(2, rank)))
    for corners, centres in choices:
        if all(
            np.allclose(_tflite(mode, size, out, corners, centres), found.get(axis, np.eye(size)), rtol=0, atol=_SLACK)
            for axis, (size, out) in enumerate(zip(value.shape[2:], shape[2:], strict=True), 2)
        ):
            return code, (corners, centres), shape
    return None


def _tflite(mode: str, size: int, out: int, corners: bool, centres: bool) -> FloatArray:
    """The matrix (out, in) of TFLite's kernels (``reference/resize_bilinear.h``, ``resize_nearest_neighbor.h``)."""
    places = np.arange(out, dtype=np.float32)
    scale = np.float32((size - 1) / (out - 1)) if corners and out > 1 else np.float32(size / out)
    identity = np.eye(size, dtype=np.float32)
    if mode == "nearest":
        source = (places + np.float32(0.5 if centres else 0)) * scale
        nearest = np.floor(source + np.float32(0.5)) if corners else np.floor(source)
        rows: FloatArray = identity[np.clip(nearest.astype(int), 0, size - 1)]
        return rows
    source = (places + np.float32(0.5)) * scale - np.float32(0.5) if centres else places * scale
    low = np.floor(source)
    below, above = np.maximum(low, 0).astype(int), np.minimum(np.maximum(low + 1, 0), size - 1).astype(int)
    share = (source - low)[:, np.newaxis] if not centres else np.clip(source - below, 0, None)[:, np.newaxis]
    weights: FloatArray = (1 - share) * identity[below] + share * identity[above]
    return weights
