"""Folding BatchNormalization into the convolution or matrix before it, as int8 kernels need it."""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from edgecompress.errors import CheckError

_LAYERS = {"Conv", "Gemm"}


def fold_batch_normalization(model: ir.Model) -> None:
    """Fold in place, in float64, each BatchNormalization whose input a Conv or Gemm makes for it alone.

    Output channel c becomes w[c] * f[c] and (b[c] - mean[c]) * f[c] + shift[c], with f = scale / sqrt(variance +
    epsilon) (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, section 3.2). What cannot be folded stays.

    Raises:
        CheckError: a weight became zero (a channel whose scale is zero aside) or infinite.
    """
    for node in list(model.graph):
        layer = node.inputs[0].producer() if node.op_type == "BatchNormalization" and node.inputs[0] else None
        if layer is not None and _foldable(layer, node):
            _fold(model.graph, layer, node)
    for name in [name for name, value in model.graph.initializers.items() if not value.uses()]:
        if not model.graph.initializers[name].is_graph_output():
            del model.graph.initializers[name]


def _foldable(layer: ir.Node, node: ir.Node) -> bool:
    """Return whether weights and statistics are constant, and nothing else reads the output of the layer."""
    plain = all(layer.attributes.get_float(name, 1.0) == 1 for name in ("alpha", "beta"))
    result = layer.outputs[0]
    constants = [*layer.inputs[1:], *node.inputs[1:]]
    return (
        layer.op_type in _LAYERS
        and plain
        and not layer.attributes.get_int("transA", 0)
        and len(result.uses()) == 1
        and not result.is_graph_output()
        and not node.attributes.get_int("training_mode", 0)
        and all(value is not None and value.const_value is not None for value in constants)
    )


def _fold(graph: ir.Graph, layer: ir.Node, node: ir.Node) -> None:
    weight_value, shift_value = _given(layer.inputs[1]), _given(node.inputs[2])
    weight = _float64(weight_value)
    scale, shift, mean, variance = (_float64(_given(value)) for value in node.inputs[1:])
    bias = _float64(_given(layer.inputs[2])) if len(layer.inputs) > 2 else np.zeros_like(mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
    axis = 0 if layer.op_type == "Conv" or layer.attributes.get_int("transB", 0) == 1 else 1
    per_channel = factor.reshape([-1 if dimension == axis else 1 for dimension in range(weight.ndim)])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        # Zeros times a negative factor are -0.0; adding 0.0 makes them the one zero again.
        folded = (weight * per_channel).astype(np.float32) + np.float32(0)
        moved = ((bias - mean) * factor + shift).astype(np.float32) + np.float32(0)
    if not np.isfinite(folded).all() or not np.isfinite(moved).all():
        raise CheckError(
            f"folding the BatchNormalization after '{weight_value.name}' makes weights infinite; check its scale"
        )
    if np.count_nonzero(folded) != np.count_nonzero((weight != 0) & (per_channel != 0)):
        raise CheckError(
            f"folding the BatchNormalization after '{weight_value.name}' changes its zeros; check its scale"
        )
    result, made = node.outputs[0], layer.outputs[0]
    ir.convenience.replace_all_uses_with(result, made, replace_graph_outputs=True)
    made.name, result.name = result.name, None
    graph.remove(node, safe=True)
    layer.resize_inputs(3)
    replace_constant(graph, layer, 1, weight_value, folded)
    replace_constant(graph, layer, 2, shift_value, moved)


def _given(value: ir.Value | None) -> ir.Value:
    assert value is not None, "a foldable layer has all its constants"
    return value


def _float64(value: ir.Value) -> npt.NDArray[np.float64]:
    assert value.const_value is not None
    array: npt.NDArray[np.float64] = value.const_value.numpy().astype(np.float64)
    return array


def replace_constant(
    graph: ir.Graph, layer: ir.Node, index: int, old: ir.Value, array: npt.NDArray[np.float32]
) -> None:
    """Let ``layer`` read ``array`` at ``index``, under the name of ``old`` where nothing else makes or reads that."""
    name = str(old.name)
    if old.producer() is not None or any(use.node is not layer for use in old.uses()):
        name = f"{name}/{layer.outputs[0].name}"
    else:
        graph.initializers.pop(name, None)
    value = ir.Value(name=name, const_value=ir.Tensor(array, name=name))
    layer.replace_input_with(index, value)
    graph.register_initializer(value)
