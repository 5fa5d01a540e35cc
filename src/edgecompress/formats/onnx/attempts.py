"""Inputs to try an ONNX model on: what it leaves free, and the sizes that its weights ask for."""

from collections.abc import Mapping

from onnx import GraphProto, NodeProto, TensorProto

from edgecompress.equivalence.attempts import Axis, GraphInput

_WHOLE = {TensorProto.UINT16, TensorProto.INT16, TensorProto.INT32, TensorProto.UINT32, TensorProto.INT64,
          TensorProto.UINT64}  # fmt: skip
_SAME_SHAPE = {
    "Add", "BatchNormalization", "Cast", "Clip", "DequantizeLinear", "Div", "Identity", "Mul", "Pad", "QuantizeLinear",
    "Relu", "Sub",
}  # fmt: skip
_ELEMENTWISE = {"Add", "Div", "Mul", "Sub"}


def inputs(graph: GraphProto) -> list[GraphInput]:
    """The inputs of a graph that are no weights."""
    held = {tensor.name for tensor in graph.initializer}
    found = []
    for value in graph.input:
        if value.name not in held:
            dims = value.type.tensor_type.shape.dim
            sizes = tuple(int(size.dim_value) if size.dim_value > 0 else None for size in dims)
            free = {axis: size.dim_param for axis, size in enumerate(dims) if size.dim_param}
            found.append(GraphInput(value.name, sizes, free, value.type.tensor_type.elem_type in _WHOLE))
    return found


def wanted(graph: GraphProto) -> dict[Axis, int]:
    """Sizes that the weights which read an input ask for, looked for behind operators that keep or turn its shape."""
    weights = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input[:2]:
            readers.setdefault(name, []).append(node)
    found: dict[Axis, int] = {}
    for value in graph.input:
        rank = len(value.type.tensor_type.shape.dim)
        pending, seen = [(value.name, list(range(rank)))] if rank else [], set()
        while pending:
            name, axes = pending.pop()
            for node in readers.get(name, ()):
                if id(node) in seen:
                    continue
                seen.add(id(node))
                for axis, size in _asked(node, name, weights, rank).items():
                    found.setdefault((value.name, axes[axis]), size)
                if node.op_type in _SAME_SHAPE:
                    pending.append((node.output[0], axes))
                order = [axis for each in node.attribute if each.name == "perm" for axis in each.ints]
                if node.op_type == "Transpose" and sorted(order) == [*range(rank)]:
                    pending.append((node.output[0], [axes[axis] for axis in order]))
    return found


def _asked(node: NodeProto, name: str, weights: Mapping[str, list[int]], rank: int) -> dict[int, int]:
    """The sizes of the input ``name`` of a node that follow from the shape of its weight, by axis."""
    place = 1 - [*node.input[:2]].index(name)
    weight = weights.get(node.input[place] if place < len(node.input) else "", [])
    if not weight or not rank:
        return {}
    if node.op_type in _ELEMENTWISE:
        sizes = enumerate(reversed(weight[-rank:]))
        return {rank - 1 - number: size for number, size in sizes if size > 1}
    axis, size = _channels(node, weight, rank) if place == 1 else (rank, 0)
    return {axis: size} if axis < rank else {}


def _channels(node: NodeProto, weight: list[int], rank: int) -> tuple[int, int]:
    """The axis of a layer's input whose size its weight fixes, and the size; beyond the rank where there is none."""
    axis, size = rank, 0
    match node.op_type, len(weight):
        case "Conv", count if count == rank:
            axis, size = 1, weight[1] * _number(node, "group", 1)
        case (("ConvTranspose" | "BatchNormalization"), _):
            axis, size = 1, weight[0]
        case "MatMul", count if count > 1:
            axis, size = rank - 1, weight[-2]
        case "Gemm", 2 if not _number(node, "transA", 0):
            axis, size = 1, weight[1 if _number(node, "transB", 0) else 0]
        case (("GRU" | "LSTM" | "RNN"), 3):
            axis, size = 2, weight[2]
    return axis, size


def _number(node: NodeProto, name: str, default: int) -> int:
    return next((int(each.i) for each in node.attribute if each.name == name), default)
