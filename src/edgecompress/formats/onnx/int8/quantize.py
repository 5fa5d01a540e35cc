"""int8 for ONNX: onnxruntime's own static quantiser, on the float32 graph before anything is encoded in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.formats.onnx.int8 import quantizer as onnx_quantizer
from edgecompress.formats.onnx.int8.equalising import equalised
from edgecompress.formats.onnx.read import check_finite, read_onnx
from edgecompress.formats.onnx.write import write
from edgecompress.int8.calibration import Floats
from edgecompress.int8.empty_channels import bias_steps, scales_for_empty
from edgecompress.int8.palette import Quantized, on_palette
from edgecompress.int8.program import INPUTS, run, workshop
from edgecompress.int8.rounding import check_rounding

LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
LARGEST = 64
"""Steps of the largest weight of a channel; see ``quantized``."""
_QUANTIZED = "_quantized"  # what the quantiser appends to a weight's name


def quantized(model: ir.Model, calibration: Floats) -> ir.Model:
    """``model`` with int8 weights and int8 activations, in QDQ form: DequantizeLinear before each operator.

    Weights have a scale for each output channel and no zero point, so a zero is a zero; activations have one scale and
    zero point each, from their least and largest value over the ``calibration`` inputs. Before, BatchNormalization is
    folded and channels are equalised. Inputs and outputs stay float32.

    The largest weight of a channel is 64 steps and not 127, on every processor: x86 processors without VNNI add pairs
    of products in 16 bits, which overflow with 8-bit weights: the sums saturate, silently. With 7 bits they cannot, and
    what is proved on such a processor is what any other computes.

    Args:
        model: A float32 graph with one input; it is not changed.
        calibration: Inputs, float32 (N, channels, ...).

    Raises:
        InputError: there is nothing to quantise, or onnxruntime refuses; the line has its reason.
        CheckError: the weights it made are not the rounded ones, or are not zero where the network's are.
    """
    check_finite(model)
    if not any(_reads_a_weight(node) for node in model.graph):
        raise InputError(f"int8 has nothing to quantise: the network has no {', '.join(LAYERS)} with constant weights")
    names = [str(value.name) for value in model.graph.inputs if not value.is_initializer()]
    if len(names) != 1:
        raise InputError(f"int8 needs a network of one input; this one has {len(names)}")
    folded = equalised(model, calibration)
    for number, node in enumerate(folded.graph):
        node.name = f"node{number}"  # the quantiser tells nodes apart by name
    with workshop(calibration) as folder:
        source, written = folder / "float32.onnx", folder / "int8.onnx"
        write(folded, source)
        arguments = [str(source), str(folder / INPUTS), names[0], str(written)]
        run(onnx_quantizer.__name__, "onnxruntime", arguments)
        made = read_onnx(Path(written))
    _give_scales(made, folded)
    _keep_palettes(made, folded, model)
    _check(made, folded)
    _tidy(made)
    return made


def _reads_a_weight(node: ir.Node) -> bool:
    weight = node.inputs[1] if node.op_type in LAYERS else None
    return weight is not None and weight.const_value is not None


def _give_scales(made: ir.Model, folded: ir.Model) -> None:
    """Give channels without weights a scale that their bias can have, and the bias in steps of it."""
    layers, chosen = list(_layers(made, folded)), dict[ir.Value | None, npt.NDArray[Any]]()
    for given, weight, _, floats in layers:
        scales, axis = weight.inputs[1], weight.attributes.get_int("axis", 1)
        of_input = _numpy(given.inputs[1]).item()
        found = scales_for_empty(_numpy(weight.inputs[0]), _numpy(scales), axis, of_input, floats)
        if found is not None:
            chosen[scales] = np.maximum(found, chosen.get(scales, found))  # of all layers that read these weights
    for given, weight, bias, floats in layers:
        if weight.inputs[1] in chosen:
            _set(weight.inputs[1], chosen[weight.inputs[1]])
            _set(bias.inputs[1], _numpy(given.inputs[1]) * chosen[weight.inputs[1]])
            _set(bias.inputs[0], bias_steps(floats, _numpy(bias.inputs[1])))


def _keep_palettes(made: ir.Model, folded: ir.Model, model: ir.Model) -> None:
    """Give each clustered layer the integers of its palette, the scales that go with them, and the bias in steps."""
    source = {node.name: node for node in folded.graph}
    for node in made.graph:
        given, weight, bias = (_dequantised(node, index) for index in range(3))
        if node.op_type not in LAYERS or given is None or weight is None or len(weight.outputs[0].uses()) > 1:
            continue
        name = str(weight.inputs[0].name if weight.inputs[0] else "").removesuffix(_QUANTIZED)
        if name not in model.graph.initializers or (bias and node.name not in source):
            continue
        clustered, axis = _numpy(model.graph.initializers[name]), weight.attributes.get_int("axis", 1)
        before = Quantized(_numpy(weight.inputs[0]), _numpy(weight.inputs[1]))
        found = on_palette(before, _numpy(folded.graph.initializers[name]), clustered, axis, LARGEST)
        if found is None:
            continue
        _set(weight.inputs[0], found.integers)
        _set(weight.inputs[1], found.scales)
        if bias:
            _set(bias.inputs[1], _numpy(given.inputs[1]) * found.scales)
            _set(bias.inputs[0], bias_steps(_numpy(source[node.name].inputs[2]), _numpy(bias.inputs[1])))


def _layers(made: ir.Model, folded: ir.Model) -> Iterator[tuple[ir.Node, ir.Node, ir.Node, Floats]]:
    """The dequantising nodes of each layer's input, weights and bias, where it has all three, and the float32 bias."""
    source = {node.name: node for node in folded.graph}
    for node in made.graph:
        given, weight, bias = (_dequantised(node, index) for index in range(3))
        if node.op_type in LAYERS and given and weight and bias and node.name in source:
            yield given, weight, bias, _numpy(source[node.name].inputs[2])


def _dequantised(node: ir.Node, index: int) -> ir.Node | None:
    """The DequantizeLinear that an input comes from."""
    value = node.inputs[index] if index < len(node.inputs) else None
    maker = value.producer() if value is not None else None
    return maker if maker is not None and maker.op_type == "DequantizeLinear" else None


def _numpy(value: ir.Value | None) -> npt.NDArray[Any]:
    assert value is not None
    assert value.const_value is not None
    return value.const_value.numpy()


def _set(value: ir.Value | None, array: npt.NDArray[Any]) -> None:
    assert value is not None
    value.const_value = ir.Tensor(array, name=value.name)


def _check(made: ir.Model, folded: ir.Model) -> None:
    """Hold every int8 weight against the float32 one, and make sure that there is one for each layer."""
    found = set()
    for node in made.graph:
        integers = node.inputs[0].const_value if node.op_type == "DequantizeLinear" and node.inputs[0] else None
        if integers is None or integers.dtype != ir.DataType.INT8:
            continue
        scales, name = node.inputs[1], str(node.inputs[0].name if node.inputs[0] else "").removesuffix(_QUANTIZED)
        weight = folded.graph.initializers[name].const_value
        assert scales is not None
        assert scales.const_value is not None
        assert weight is not None
        axis = node.attributes.get_int("axis", 1)
        check_rounding(name, integers.numpy(), scales.const_value.numpy(), axis, weight.numpy())
        found.add(name)
    expected = {str(node.inputs[1].name) for node in folded.graph if _reads_a_weight(node) and node.inputs[1]}
    if missing := sorted(expected - found):
        raise InputError(f"onnxruntime left '{missing[0]}' in float32; build this network without int8")


def _tidy(model: ir.Model) -> None:
    """Take away what is bytes in the file and nothing to a runtime: names of nodes, notes, zero points that are 0.

    onnxruntime 1.20 refuses a matrix with a scale a channel and no zero points, so those of matrices stay.
    """
    for node in model.graph:
        node.name = ""
        node.doc_string = None
        zero_point = node.inputs[2] if node.op_type == "DequantizeLinear" and len(node.inputs) == 3 else None
        is_constant = node.inputs[0] is not None and node.inputs[0].const_value is not None
        if zero_point is None or not is_constant or zero_point.const_value is None or _is_matrix(node.outputs[0]):
            continue
        if not np.any(zero_point.const_value.numpy()):
            node.resize_inputs(2)
    for name in [name for name, value in model.graph.initializers.items() if not value.uses()]:
        del model.graph.initializers[name]
    model.metadata_props.clear()
    model.producer_name, model.producer_version = "edgecompress", None


def _is_matrix(value: ir.Value) -> bool:
    return any(use.node.op_type in ("Gemm", "MatMul") and use.idx == 1 for use in value.uses())
