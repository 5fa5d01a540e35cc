"""Removing what the exporter leaves in a graph that a person would not have written.

Case 1: a convolution without a bias gets one of zeros. A bias that the network does have stays, zeros or not, for a
graph must not depend on the values of its weights. Case 2: global average pooling is a ReduceMean, in one dimension
with a detour over a fourth axis. Case 3: flattening is a Reshape to a shape computed from the batch. Each is a special
case that other tools must know before they can read the graph, and bytes in every file. Case 4: attributes that
say what the standard takes for granted, or what a weight's shape says. Case 5: BatchNormalization has four numbers a
channel where two say the same. Case 6: values between operators have names that no one gave them; they get short ones.
"""

import itertools
import math
from collections.abc import Collection

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes import common

SPATIAL_RANKS = (3, 4)
_FOR_EACH_AXIS = {"strides": 1, "dilations": 1, "pads": 0}
"""What the standard describes as the default of these but gives no number for, since it depends on the rank."""


def clean(model: ir.Model, parameters: Collection[str], *, normalise: bool = True) -> None:
    """Apply all cases in place, then remove what nothing uses, names of nodes, and the exporter's notes.

    ``parameters`` are the names of the network's own weights. Without ``normalise``, case 5 is left out: the graph's
    BatchNormalization is to be trained on.
    """
    for node in list(model.graph):
        if node.op_type == "Conv":
            _drop_zero_bias(node, parameters)
        elif node.op_type == "ReduceMean":
            _global_average_pool(model.graph, node)
        elif node.op_type == "Reshape":
            _flatten(model.graph, node)
        _drop_defaults(node, model.opset_imports[""])
    if normalise:
        _normalise(model.graph)
    common.RemoveUnusedNodesPass()(model)
    common.ClearMetadataAndDocStringPass()(model)
    for name in [name for name, value in model.graph.initializers.items() if not value.uses()]:
        del model.graph.initializers[name]
    for node in model.graph:
        node.name = ""  # for None the graph would make one up
    # The pass above leaves what the exporter notes on values: 200 bytes of each weight's entry in the file.
    for value in [*model.graph.inputs, *model.graph.initializers.values(), *_results(model.graph)]:
        value.metadata_props.clear()
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.producer_name, model.producer_version = "edgecompress", None
    _shorten(model.graph)


def _drop_defaults(node: ir.Node, opset: int) -> None:
    """Case 4."""
    if node.op_type == "Conv":
        node.attributes.pop("kernel_shape", None)
    known = onnx.defs.get_schema(node.op_type, opset).attributes
    for name, attribute in list(node.attributes.items()):
        default = known[name].default_value
        if default.name:
            usual = onnx.helper.get_attribute_value(default)
            same = attribute.value == (usual.decode() if isinstance(usual, bytes) else usual)
        else:
            same = name in _FOR_EACH_AXIS and set(attribute.as_ints()) <= {_FOR_EACH_AXIS[name]}
        if same:
            del node.attributes[name]


def _results(graph: ir.Graph) -> list[ir.Value]:
    return [output for node in graph for output in node.outputs]


def _drop_zero_bias(node: ir.Node, parameters: Collection[str]) -> None:
    """Case 1."""
    bias = node.inputs[2] if len(node.inputs) == 3 else None
    if bias is None or bias.name in parameters:
        return
    value = ir.convenience.get_const_tensor(bias)
    if value is not None and not np.any(value.numpy()):
        node.resize_inputs(2)


def _global_average_pool(graph: ir.Graph, node: ir.Node) -> None:
    """Case 2."""
    source, result = node.inputs[0], node.outputs[0]
    if source is None or node.attributes.get_int("keepdims", 1) != 1 or not _spatial_axes(node, source):
        return
    producer, users = source.producer(), result.consumers()
    if producer is not None and producer.op_type == "Unsqueeze":
        # A mean over the added axis of length one changes nothing. It must be a spatial one, so that batch and channels
        # stay what they are, and be taken off again, and only that.
        added = _constant(producer, 1)
        if added is None or len(added) != 1 or added[0] % len(source.shape or ()) < 2 or result.is_graph_output():
            return
        if len(users) != 1 or users[0].op_type != "Squeeze" or _constant(users[0], 1) != added:
            return
        source, result = producer.inputs[0], users[0].outputs[0]
    if source is None or source.shape is None or len(source.shape) not in SPATIAL_RANKS:
        return
    _replace(graph, node, "GlobalAveragePool", source, result)


def _spatial_axes(node: ir.Node, source: ir.Value) -> bool:
    """Return whether the reduction is over all axes but batch and channels."""
    axes = _constant(node, 1)
    if source.shape is None or axes is None:
        return False
    rank = len(source.shape)
    return sorted(axis % rank for axis in axes) == list(range(2, rank))


def _flatten(graph: ir.Graph, node: ir.Node) -> None:
    """Case 3."""
    source, result = node.inputs[0], node.outputs[0]
    if source is None or source.shape is None or result.shape is None or len(result.shape) != 2:
        return
    sizes = [size for size in source.shape[1:] if isinstance(size, int)]
    fixed = len(sizes) == len(source.shape) - 1
    if fixed and source.shape[0] == result.shape[0] and math.prod(sizes) == result.shape[1]:
        _replace(graph, node, "Flatten", source, result, axis=1)


def _normalise(graph: ir.Graph) -> None:
    """Case 5: mean and variance go into scale and shift, in float64; all layers of a width share a mean and a variance.

    With a variance of 1 - epsilon a runtime divides by 1, exactly.
    """
    shared: dict[tuple[str, int], ir.Value] = {}
    for node in graph:
        parameters = [graph.initializers.get(str(value.name)) for value in node.inputs[1:] if value is not None]
        if node.op_type != "BatchNormalization" or node.attributes.get_int("training_mode", 0) == 1:
            continue
        # A parameter of several layers is not moved for one of them.
        if len(parameters) != 4 or any(each is None or len(each.uses()) > 1 for each in parameters):
            continue
        tensors = [each.const_value.numpy() for each in parameters if each is not None and each.const_value is not None]
        scale, shift, mean, variance = (tensor.astype(np.float64) for tensor in tensors)
        epsilon = node.attributes.get_float("epsilon", 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        for index, array in ((1, factor), (2, shift - mean * factor)):
            value = node.inputs[index]
            assert value is not None
            value.const_value = ir.Tensor(array.astype(np.float32), name=value.name)
        for index, name, number in ((3, "mean", 0.0), (4, "var", 1 - epsilon)):
            key = (f"{name}.{number}", len(factor))
            if key not in shared:
                shared[key] = _filled(graph, f"{name}{len(factor)}", len(factor), number)
            node.replace_input_with(index, shared[key])


def _filled(graph: ir.Graph, name: str, count: int, number: float) -> ir.Value:
    """A new initialiser of ``count`` times ``number``."""
    while name in graph.initializers:
        name += "_"
    value = ir.Value(name=name, const_value=ir.Tensor(np.full(count, number, np.float32), name=name))
    value.type, value.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape([count])
    graph.register_initializer(value)
    return value


def _shorten(graph: ir.Graph) -> None:
    """Case 6."""
    taken = {str(value.name) for value in graph.inputs} | set(graph.initializers)
    results = _results(graph)
    taken |= {str(value.name) for value in results if value.is_graph_output()}
    names = (name for name in map(str, itertools.count()) if name not in taken)
    for value in results:
        if not value.is_graph_output():
            value.name = next(names)


def _constant(node: ir.Node, index: int) -> list[int] | None:
    """The integers of a constant input."""
    value = node.inputs[index] if index < len(node.inputs) else None
    tensor = ir.convenience.get_const_tensor(value) if value is not None else None
    return None if tensor is None else [int(each) for each in tensor.numpy().reshape(-1)]


def _replace(
    graph: ir.Graph, place: ir.Node, op_type: str, source: ir.Value, result: ir.Value, **attributes: int
) -> None:
    """Let ``op_type(source)`` take over the uses and the name of ``result``; what it replaces is left without uses."""
    new = ir.node(op_type, [source], attributes=attributes)
    value = new.outputs[0]
    value.name, value.shape, value.type = result.name, result.shape, result.type
    graph.insert_before(place, new)
    ir.convenience.replace_all_uses_with(result, value, replace_graph_outputs=True)
    result.name = None
