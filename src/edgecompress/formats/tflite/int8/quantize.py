"""int8 for TFLite: Google's quantiser, static, on the dense float32 file that this package writes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress import record
from edgecompress.agent.inputs import to_layout
from edgecompress.encode.ledger import Ledger
from edgecompress.errors import InputError
from edgecompress.formats.onnx.int8.equalising import as_clustered, equalised
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.inspection import ledger
from edgecompress.formats.tflite.int8 import quantizer
from edgecompress.formats.tflite.network import write_tflite as write_float
from edgecompress.formats.tflite.reader import constants
from edgecompress.formats.tflite.schema import schema
from edgecompress.int8.calibration import Floats
from edgecompress.int8.empty_channels import bias_steps, scales_for_empty
from edgecompress.int8.palette import Quantized, on_palette
from edgecompress.int8.program import INPUTS, run, tflite_quantizer, workshop
from edgecompress.int8.rounding import check_rounding

LARGEST = 127
"""Steps of the largest weight of a channel."""
_LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def write_int8(model: ir.Model, path: Path, calibration: Floats) -> Ledger:
    """Write ``model`` to ``path`` with int8 weights and int8 activations; the ledger of what was written.

    Weights have a scale for each output channel and no zero point, so a zero is a zero; activations have one scale and
    zero point each, from their least and largest value over the ``calibration`` inputs, float32 (N, channels, ...).
    Channels are equalised before. Inputs and outputs stay float32. LiteRT cannot read int8 that is stored sparsely
    (docs/tflite.md), so the file has a byte a weight whatever the sparsity; its container is small.

    Raises:
        InputError: the model has no TFLite form here, the quantiser refuses it or leaves it in float32.
        CheckError: the weights it made are not the rounded ones, or are not zero where the network's are.
    """
    with workshop(to_layout(calibration, "channels_last").astype(np.float32, copy=False)) as folder:
        source, written, clustered = (folder / f"{name}.tflite" for name in ("float32", "int8", "clustered"))
        folded = equalised(model, calibration)
        write_float(folded, source, compress=False)
        run(quantizer.__name__, tflite_quantizer(), [str(source), str(folder / INPUTS), str(written)])
        _give_scales(source, written)
        write_float(as_clustered(folded, model), clustered, compress=False)
        _keep_palettes(source, clustered, written)
        _check(source, written)
        data = written.read_bytes()
    made = ledger(data, str(path), {})
    record.write_atomically(path, data)
    return made


def _give_scales(source: Path, written: Path) -> None:
    """Give channels without weights a scale that their bias can have, and the bias in steps of it."""
    of_floats, of_integers = model_file.parse(source)[1], model_file.parse(written)[1]
    # The quantiser gives a bias that two layers share another name, and outputs keep theirs.
    biases = {each.output: _data(of_floats, each.bias, np.float32) for each in _layers(of_floats)}
    layers = [each for each in _layers(of_integers) if each.weight.type == schema().TensorType.INT8]
    layers = [each for each in layers if each.output in biases]
    chosen: dict[int, Floats] = {}
    for output, given, weight, _ in layers:
        integers = _data(of_integers, weight, np.int8).reshape([int(size) for size in weight.shape])
        quantization, place = weight.quantization, weight.buffer
        scales, axis = np.asarray(quantization.scale, np.float32), int(quantization.quantizedDimension)
        found = scales_for_empty(integers, scales, axis, float(given.quantization.scale[0]), biases[output])
        if found is not None:
            chosen[place] = np.maximum(found, chosen.get(place, found))  # of all layers that read these weights
    for output, given, weight, bias in layers:
        if weight.buffer in chosen:
            weight.quantization.scale = chosen[weight.buffer]
            bias.quantization.scale = np.float32(given.quantization.scale[0]) * chosen[weight.buffer]
            steps = bias_steps(biases[output], bias.quantization.scale)
            of_integers.buffers[bias.buffer].data = steps.view(np.uint8)
    if chosen:
        written.write_bytes(model_file.serialize(of_integers))


def _keep_palettes(source: Path, clustered: Path, written: Path) -> None:
    """Give each clustered layer the integers of its palette, the scales that go with them, and the bias in steps."""
    of_floats, of_integers = model_file.parse(source)[1], model_file.parse(written)[1]
    floats, shared = (
        {each.name: each.array for each in constants(path.read_bytes(), "")} for path in (source, clustered)
    )
    biases = {each.output: _data(of_floats, each.bias, np.float32) for each in _layers(of_floats)}
    layers = [each for each in _layers(of_integers) if each.weight.type == schema().TensorType.INT8]
    read = Counter(each.weight.buffer for each in layers)
    for output, given, weight, bias in layers:
        name, quantization = weight.name.decode(), weight.quantization
        if output not in biases or read[weight.buffer] > 1 or name not in shared:
            continue
        integers = _data(of_integers, weight, np.int8).reshape(shared[name].shape)
        before = Quantized(integers, np.asarray(quantization.scale, np.float32))
        found = on_palette(before, floats[name], shared[name], int(quantization.quantizedDimension), LARGEST)
        if found is None:
            continue
        quantization.scale = found.scales
        bias.quantization.scale = np.float32(given.quantization.scale[0]) * found.scales
        of_integers.buffers[weight.buffer].data = np.ascontiguousarray(found.integers).view(np.uint8).reshape(-1)
        of_integers.buffers[bias.buffer].data = bias_steps(biases[output], bias.quantization.scale).view(np.uint8)
    written.write_bytes(model_file.serialize(of_integers))


class _Layer(NamedTuple):
    """A layer with constant weights and a constant bias: the name of its output, and its tensors."""

    output: bytes
    given: Any
    weight: Any
    bias: Any


def _layers(model: Any) -> Iterator[_Layer]:
    for graph in model.subgraphs:
        for operator in graph.operators:
            read = [graph.tensors[place] for place in operator.inputs if place >= 0]
            is_layer = model_file.operator_name(model, operator) in _LAYERS and len(read) == 3
            if is_layer and all(model.buffers[tensor.buffer].data is not None for tensor in read[1:]):
                yield _Layer(graph.tensors[operator.outputs[0]].name, *read)


def _data(model: Any, tensor: Any, dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(dtype)


def _check(source: Path, written: Path) -> None:
    """Hold every int8 weight against the float32 one of its name."""
    floats = {constant.name: constant.array for constant in constants(source.read_bytes(), str(source))}
    found = 0
    for name, integers, scales, axis in _int8_weights(written):
        check_rounding(name, integers, scales, axis, floats[name])
        found += 1
    if not found:
        raise InputError(f"int8 has nothing to quantise: {tflite_quantizer()} left all of the network in float32")


def _int8_weights(path: Path) -> Iterator[tuple[str, Any, Floats, int]]:
    """Name, integers, scales and channel axis of each int8 constant with more than one dimension and no zero point."""
    data, model = model_file.parse(path)
    arrays = {(constant.subgraph, constant.index): constant.array for constant in constants(data, str(path))}
    int8 = schema().TensorType.INT8
    for number, graph in enumerate(model.subgraphs):
        for index, tensor in enumerate(graph.tensors):
            found, array = tensor.quantization, arrays.get((number, index))
            if tensor.type != int8 or array is None or array.ndim < 2 or np.any(found.zeroPoint):
                continue
            yield tensor.name.decode(), array, np.asarray(found.scale, np.float32), int(found.quantizedDimension)
