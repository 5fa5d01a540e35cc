"""Weights that nodes compute from constants, put in place of these nodes: what is pruned, turned or cast in a graph.

PyTorch's exporter writes a pruned weight as the weight before, its mask and a Mul; others write a Transpose, a Cast or
an Identity of a weight. What is read by the network is the result, and that is what is sparse and of few values.
"""

from collections.abc import Mapping
from math import prod

import onnx_ir as ir
from onnx_ir.passes import common

from edgecompress.formats.onnx.builder import LABEL
from edgecompress.formats.onnx.decoded import Array, decode, found_in
from edgecompress.formats.onnx.frontier import FrontierConstant
from edgecompress.formats.onnx.lean import Lean


def computed(model: Lean) -> dict[str, Array]:
    """The values to put initialisers in the place of, by name: all that this package encoded, and others.

    Another one only where that takes no more numbers than it is computed from and than nothing else reads: a weight
    that is read both as it is and turned stays in the file once, and so does what is expanded.

    Raises:
        InputError: a constant cannot be computed, or would take too much memory.
    """
    constants = found_in(model).constants
    users: dict[str, int] = {}
    for constant in constants:
        for name in _leaves(constant):
            users[name] = users.get(name, 0) + 1
    candidates = [each for each in constants if each.nodes and (is_encoded(each) or _may_shrink(each, users))]
    found = {}
    for constant, array in decode(model, candidates):
        if is_encoded(constant) or array.size <= _own_elements(constant, users):
            found[constant.name] = array
    return found


def is_encoded(constant: FrontierConstant) -> bool:
    """Return whether this package encoded the weight."""
    return any(entry.key == LABEL for entry in constant.nodes[-1].metadata_props) if constant.nodes else False


def put(model: ir.Model, arrays: Mapping[str, Array]) -> None:
    """Put initialisers in place of the values ``arrays`` of ``model``, and remove what nothing uses any more."""
    for node in list(model.graph):
        for output in node.outputs:
            name = str(output.name)
            if name not in arrays or output.is_graph_output():
                continue
            output.name = f"{name} computed"
            tensor = ir.Tensor(arrays[name], name=name)
            value = ir.Value(name=name, const_value=tensor, type=ir.TensorType(tensor.dtype), shape=tensor.shape)
            model.graph.register_initializer(value)
            output.replace_all_uses_with(value)
    common.RemoveUnusedNodesPass()(model)


def _leaves(constant: FrontierConstant) -> dict[str, int]:
    """The elements of what a constant is computed from, by name."""
    leaves = {tensor.name: prod(tensor.dims) for tensor in constant.initializers}
    leaves |= {tensor.values.name: prod(tensor.dims) for tensor in constant.sparse_initializers}
    for node in constant.nodes:
        sizes = [prod(each.t.dims) for each in node.attribute if each.name == "value" and node.op_type == "Constant"]
        leaves |= dict.fromkeys(node.output, sizes[0]) if sizes else {}
    return leaves


def _own_elements(constant: FrontierConstant, users: Mapping[str, int]) -> int:
    return sum(size for name, size in _leaves(constant).items() if users[name] == 1)


def _may_shrink(constant: FrontierConstant, users: Mapping[str, int]) -> bool:
    return constant.nodes[-1].op_type != "Constant" and _own_elements(constant, users) > 0
