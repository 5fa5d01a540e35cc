"""GELU written out with Erf, as exporters do below opset 20: 0.5 x (1 + erf(x / sqrt(2))), in any order of its factors.

Hendrycks and Gimpel 2016, Gaussian Error Linear Units, section 2. TFLite has GELU, and has no Erf.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import onnx_ir as ir

from edgecompress.formats.tflite.lowering.context import Lowering, Value, output_name, renamed


@dataclass(frozen=True)
class Gelus:
    """``last``: the nodes that give a GELU, each with what it is of; ``inner``: the nodes before them."""

    last: dict[ir.Node, ir.Value]
    inner: frozenset[ir.Node]


def gelus(graph: ir.Graph) -> Gelus:
    """All of them in ``graph``."""
    last: dict[ir.Node, ir.Value] = {}
    inner: set[ir.Node] = set()
    for node in graph:
        found = _gelu(node) if node.op_type == "Erf" else None
        if found is not None:
            nodes, x = found
            last[nodes[-1]] = x
            inner.update(nodes[:-1])
    return Gelus(last, frozenset(inner))


def gelu(node: ir.Node, found: Gelus, lowering: Lowering) -> Value:
    """The GELU that ``node`` is the last node of."""
    value = lowering.values[found.last[node]]
    return renamed(
        value, lowering.emit("GELU", [value.tensor], value.tensor.shape, output_name(node), approximate=False)
    )


def _gelu(erf: ir.Node) -> tuple[list[ir.Node], ir.Value] | None:
    """The nodes around ``erf`` in order, and x; None where they are something else."""
    scaled, added = erf.inputs[0].producer() if erf.inputs[0] is not None else None, _only_reader(erf)
    product = _only_reader(added) if added is not None else None
    if scaled is None or added is None or product is None or _only_reader(scaled) is not erf:
        return None
    x = _other(scaled, sqrt(2) if scaled.op_type == "Div" else sqrt(0.5)) if scaled.op_type in ("Div", "Mul") else None
    if x is None or (added.op_type, product.op_type) != ("Add", "Mul") or _other(added, 1) is not erf.outputs[0]:
        return None
    found = _half(x, product, next(given for given in product.inputs if given is not added.outputs[0]))
    return None if found is None else ([*found[0], scaled, erf, added, product, *found[1]], x)


def _half(x: ir.Value, product: ir.Node, other: ir.Value | None) -> tuple[list[ir.Node], list[ir.Node]] | None:
    """The nodes before and after ``product``, which multiplies 1 + erf by ``other``, that multiply it by x and 0.5."""
    half = other.producer() if other is not None else None
    if half is not None and half.op_type == "Mul" and _other(half, 0.5) is x:
        return [half] if _only_reader(half) is product else [], []
    end = _only_reader(product)
    if end is None or end.op_type != "Mul":
        return None
    by_x_first = other is x and _other(end, 0.5) is product.outputs[0]
    by_half_first = _is(other, 0.5) and x in end.inputs
    return ([], [end]) if by_x_first or by_half_first else None


def _only_reader(node: ir.Node) -> ir.Node | None:
    """The one node that reads what ``node`` computes, if there is one."""
    output = node.outputs[0]
    readers = [use.node for use in output.uses()]
    return readers[0] if len(readers) == 1 and not output.is_graph_output() else None


def _other(node: ir.Node, number: float) -> ir.Value | None:
    """The input of ``node`` beside the constant ``number``; of a Div the first one."""
    left, right = node.inputs
    if _is(right, number):
        return left
    return right if node.op_type != "Div" and _is(left, number) else None


def _is(value: ir.Value | None, number: float) -> bool:
    tensor = ir.convenience.get_const_tensor(value) if value is not None else None
    return tensor is not None and tensor.size == 1 and bool(np.isclose(tensor.numpy(), number, rtol=1e-6).all())
