"""Equalising channels before a depthwise convolution, so that one scale for all of them is fine enough for each.

An int8 activation has one scale for all its channels, and its step is a 255th of the widest channel's range. A
depthwise convolution that BatchNormalization was folded into multiplies a weak channel by as much as makes it as strong
as the others, and what was rounded away with it. Pruning makes such channels: one whose weights are gone is a small
constant, the bias, of which a depthwise layer makes the frame that its padding leaves, amplified some hundred times.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.formats.onnx.int8.folding import fold_batch_normalization, replace_constant
from edgecompress.formats.onnx.run import of_graph
from edgecompress.int8.calibration import Floats

_WEIGHT, _ACTIVATION = 127, 255  # steps of a channel's largest weight, and of an activation's range
_BIAS = 2.0**30  # steps that a bias may have; int32 ends at twice that

Doubles = npt.NDArray[np.float64]


def equalised(model: ir.Model, calibration: Floats) -> ir.Model:
    """A copy of ``model`` with BatchNormalization folded and its channels equalised where a depthwise layer reads them.

    Channel c of the layer before is multiplied by s[c] >= 1, weights and bias, and the depthwise layer's weights of it
    are divided by s[c]: cross-layer equalisation (Nagel et al., "Data-Free Quantization Through Weight Equalization and
    Bias Correction", ICCV 2019, section 4.1), with measured ranges in place of those of weights. Both layers have a
    scale for each channel of their weights, so nothing is lost there. s[c] is the largest power of two with which
    the channel's largest magnitude over the ``calibration`` inputs stays within the widest channel's, and with which
    its step is no finer than that of the sum it is rounded from: no weight is rounded, and zeros stay zeros. Between
    both may be Relu, or Clip from 0: what Clip cuts is beyond the range that int8 has for it.

    Args:
        model: A float32 graph. One with several inputs is only folded: no quantiser here takes it.
        calibration: Inputs, float32 (N, channels, ...).

    Raises:
        CheckError: folding breaks a weight, or onnxruntime does not run the graph.
    """
    made = model.clone()
    fold_batch_normalization(made)
    given = [value for value in made.graph.inputs if not value.is_initializer()]
    pairs = [pair for node in made.graph if (pair := _pair(node))]
    if pairs and len(given) == 1:
        for (before, after), peaks in zip(pairs, _peaks(made, pairs, calibration), strict=True):
            _scale(made.graph, before, after, _factors(before, after, peaks))
    return made


def as_clustered(folded: ir.Model, model: ir.Model) -> ir.Model:
    """``folded``, which ``equalised`` made of ``model``, with that one's weights where they go by the same name."""
    made = folded.clone()
    for name, value in made.graph.initializers.items():
        before = model.graph.initializers.get(name)
        if before is not None and before.const_value is not None and value.shape == before.shape:
            value.const_value = before.const_value
    return made


def _pair(after: ir.Node) -> tuple[ir.Node, ir.Node] | None:
    """The convolution before a depthwise one, and that one; None where ``after`` is none or reads something else."""
    read = after.inputs[0] if _is_layer(after) else None
    if read is None or not _is_depthwise(after) or not _is_read_once(read):
        return None
    before = read.producer()
    if before is not None and _keeps_factors(before):
        made = before.inputs[0]
        before = made.producer() if made is not None and _is_read_once(made) else None
    return (before, after) if before is not None and _is_layer(before) else None


def _is_layer(node: ir.Node) -> bool:
    """Return whether a node is a Conv with constant weights and bias."""
    constants = node.inputs[1:]
    return node.op_type == "Conv" and all(value is not None and value.const_value is not None for value in constants)


def _is_depthwise(node: ir.Node) -> bool:
    weight = _array(node, 1)
    groups = node.attributes.get_int("group", 1)
    return groups > 1 and weight.shape[1] == 1 and len(weight) % groups == 0


def _is_read_once(value: ir.Value) -> bool:
    return len(value.uses()) == 1 and not value.is_graph_output()


def _keeps_factors(node: ir.Node) -> bool:
    """Return whether f(s x) = s f(x) for s > 0, as far as the values of the calibration go."""
    if node.op_type == "Clip":
        least = node.inputs[1].const_value if len(node.inputs) > 1 and node.inputs[1] is not None else None
        return least is not None and not np.any(least.numpy())
    return node.op_type == "Relu"


def _array(node: ir.Node, index: int) -> npt.NDArray[np.float32]:
    value = node.inputs[index]
    assert value is not None
    assert value.const_value is not None
    array: npt.NDArray[np.float32] = value.const_value.numpy()
    return array


class _Peaks(NamedTuple):
    """The largest magnitude of each channel over all inputs and places: that the first reads, and the second."""

    before: Floats
    between: Floats


def _peaks(model: ir.Model, pairs: list[tuple[ir.Node, ir.Node]], calibration: Floats) -> list[_Peaks]:
    """The peaks of each pair's channels, by running the graph."""
    probed = model.clone()
    nodes = {node.outputs[0].name: node for node in probed.graph}
    read = [tuple(nodes[node.outputs[0].name].inputs[0] for node in pair) for pair in pairs]
    probed.graph.outputs.clear()
    names: dict[ir.Value | None, str] = {}
    for value in dict.fromkeys(value for both in read for value in both):
        magnitude = ir.node("Abs", [value])
        peak = ir.node("GlobalMaxPool", [magnitude.outputs[0]])
        names[value] = peak.outputs[0].name = f"edgecompress_peak_{len(names)}"
        peak.outputs[0].dtype = ir.DataType.FLOAT
        probed.graph.extend([magnitude, peak])
        probed.graph.outputs.append(peak.outputs[0])
    (given,) = (value for value in probed.graph.inputs if not value.is_initializer())
    found = of_graph(probed, {str(given.name): calibration})
    peaks = {value: found[name].reshape(found[name].shape[:2]).max(axis=0) for value, name in names.items()}
    return [_Peaks(*(peaks[value] for value in both)) for both in read]


def _factors(before: ir.Node, after: ir.Node, peaks: _Peaks) -> Floats:
    """The largest powers of two, at least 1, within all limits; 1 for a channel that is zero."""
    highest, channels = float(peaks.between.max()), len(peaks.between)
    wanted = _over(highest, peaks.between)
    # The range of what the first layer reads is at most twice its largest magnitude.
    of_sum = _over(highest * _WEIGHT, 2 * float(peaks.before.max()) * _largest(before))
    bias = np.abs(_array(after, 2)) if len(after.inputs) > 2 else np.zeros(len(_array(after, 1)), np.float32)
    of_bias = _over(_BIAS * highest * _largest(after), _ACTIVATION * _WEIGHT * bias)
    bounded = np.minimum(np.minimum(wanted, of_sum), of_bias.reshape(channels, -1).min(axis=1))
    bounded[(peaks.between == 0) | (bounded < 1)] = 1
    factors: Floats = np.exp2(np.floor(np.log2(bounded))).astype(np.float32)
    return factors


def _over(dividend: float | Doubles, divisor: Floats | Doubles) -> Doubles:
    """A quotient; beyond any factor where the divisor is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = np.divide(dividend, np.asarray(divisor, np.float64))
    bounded: Doubles = np.nan_to_num(quotient, nan=_BIAS, posinf=_BIAS)
    return bounded


def _largest(node: ir.Node) -> Doubles:
    """The largest magnitude of each output channel's weights."""
    weight = _array(node, 1)
    largest: Doubles = np.abs(weight).reshape(len(weight), -1).max(axis=1).astype(np.float64)
    return largest


def _scale(graph: ir.Graph, before: ir.Node, after: ir.Node, factors: Floats) -> None:
    """Multiply the channels that ``before`` makes, and divide the weights that ``after`` has for them."""
    for index in range(1, len(before.inputs)):
        _multiply(graph, before, index, factors)
    each = len(_array(after, 1)) // len(factors)  # outputs of the depthwise layer for one channel
    _multiply(graph, after, 1, np.repeat(1 / factors, each))


def _multiply(graph: ir.Graph, node: ir.Node, index: int, factors: Floats) -> None:
    """Multiply a constant along its first axis."""
    value, array = node.inputs[index], _array(node, index)
    assert value is not None
    replace_constant(graph, node, index, value, array * factors.reshape(-1, *[1] * (array.ndim - 1)))
