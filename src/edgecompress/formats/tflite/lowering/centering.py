"""LayerNormalization, InstanceNormalization, GroupNormalization and RMSNormalization, as MEAN, products and sums."""

from math import prod

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.graph import FloatArray
from edgecompress.formats.tflite.lowering.broadcasting import ConstantOperand, Operand, combined, operands, shifted
from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, refused, renamed
from edgecompress.formats.tflite.lowering.reduction import reduced
from edgecompress.formats.tflite.lowering.shape import reshaped


def layer_normalization(node: ir.Node, lowering: Lowering) -> tuple[Value, Value, Value]:
    """Over the axes from ``axis`` on (Ba, Kiros and Hinton 2016, equation 4), times scale, plus shift; all outputs."""
    value, *parameters = _operands(node, lowering)
    rank = len(value.shape)
    axis = node.attributes.get_int("axis", -1)
    axes = set(range(axis % rank if rank else 0, rank))
    name = output_name(node)
    mean = reduced(lowering, value, "MEAN", axes, f"{name}/mean", keep=True)
    centred = combined(node, lowering, "SUB", value, mean, f"{name}/centred")
    inverse = _inverse(node, lowering, centred, axes)
    standard = combined(node, lowering, "MUL", centred, inverse, f"{name}/standard")
    return _affine(node, lowering, standard, parameters), mean, inverse


def rms_normalization(node: ir.Node, lowering: Lowering) -> Value:
    """Over the axes from ``axis`` on, without taking the mean away (Zhang and Sennrich 2019, equation 4)."""
    value, *parameters = _operands(node, lowering)
    rank = len(value.shape)
    axes = set(range(node.attributes.get_int("axis", -1) % rank if rank else 0, rank))
    return _affine(node, lowering, _standard(node, lowering, value, axes, centre=False), parameters)


def instance_normalization(node: ir.Node, lowering: Lowering) -> Value:
    """Each channel over its places (Ulyanov, Vedaldi and Lempitsky 2016, equation 4)."""
    value, *parameters = _operands(node, lowering)
    rank = len(value.shape)
    if rank < 3:
        raise refused(node, f"its input has the shape {value.shape}; it must have channels and places")
    centred = _standard(node, lowering, value, set(range(2, rank)), centre=True)
    return _affine(node, lowering, centred, [_along_channels(each, rank) for each in parameters])


def group_normalization(node: ir.Node, lowering: Lowering) -> Value:
    """Groups of channels over their places (Wu and He 2018, equation 1); scale and shift a channel (opset 21)."""
    value, *parameters = _operands(node, lowering)
    groups = node.attributes.get_int("num_groups", 1)
    batch, channels, *places = value.shape
    if channels % groups or any(each.shape != (channels,) for each in parameters):
        raise refused(node, f"scale and shift must have one entry for each of {channels} channels, in whole groups")
    apart = reshaped(value, (batch, groups, channels // groups * prod(places)))
    centred = reshaped(_standard(node, lowering, apart, {2}, centre=True), value.shape)
    return _affine(node, lowering, centred, [_along_channels(each, len(value.shape)) for each in parameters])


def _operands(node: ir.Node, lowering: Lowering) -> tuple[Value, *tuple[Operand, ...]]:
    first, *rest = operands(node, lowering)
    if not isinstance(first, Value):
        raise refused(node, "its input is a constant")
    return first, *rest


def _standard(node: ir.Node, lowering: Lowering, value: Value, axes: set[int], *, centre: bool) -> Value:
    """``value`` less its mean, over its standard deviation, both over ``axes``."""
    name = output_name(node)
    if centre:
        mean = reduced(lowering, value, "MEAN", axes, f"{name}/mean", keep=True)
        value = combined(node, lowering, "SUB", value, mean, f"{name}/centred")
    inverse = _inverse(node, lowering, value, axes)
    return combined(node, lowering, "MUL", value, inverse, f"{name}/standard")


def _inverse(node: ir.Node, lowering: Lowering, value: Value, axes: set[int]) -> Value:
    """One over the root of the mean square of ``value`` over ``axes``, plus epsilon."""
    name = output_name(node)
    squares = renamed(value, lowering.emit("SQUARE", [value.tensor], value.tensor.shape, f"{name}/squares"))
    variance = reduced(lowering, squares, "MEAN", axes, f"{name}/variance", keep=True)
    raised = shifted(lowering, variance, node.attributes.get_float("epsilon", 1e-5), f"{name}/raised")
    return renamed(raised, lowering.emit("RSQRT", [raised.tensor], raised.tensor.shape, f"{name}/inverse"))


def _affine(node: ir.Node, lowering: Lowering, value: Value, parameters: list[Operand]) -> Value:
    """``value`` times the first of ``parameters`` plus the second, where there are such."""
    name = output_name(node)
    for code, parameter in zip(("MUL", "ADD"), parameters, strict=False):
        own = name if code == "ADD" or len(parameters) == 1 else f"{name}/scaled"
        value = combined(node, lowering, code, value, parameter, own)
    return value


def _along_channels(parameter: Operand, rank: int) -> Operand:
    shape = (*parameter.shape, *(1,) * (rank - 2))
    if isinstance(parameter, Value):
        return reshaped(parameter, shape)
    array: FloatArray = np.reshape(parameter.array, shape)
    return ConstantOperand(parameter.name, array)
