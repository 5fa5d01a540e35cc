"""Operators that reduce axes."""

from collections.abc import Callable

import torch

from edgecompress.sources.graph.node import Function, Node, Value, integers

Reduction = Callable[[torch.Tensor, list[int], bool], torch.Tensor]


def reduction(function: Reduction) -> Function:
    """A ReduceX; its axes are an attribute, and since opset 13 or 18 an input."""

    def apply(node: Node, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
        wanted = integers(axes) if axes is not None else list(node.get("axes", ()))
        if not wanted:
            if node.get("noop_with_empty_axes", 0):
                return function(x[None], [0], False)
            wanted = list(range(x.ndim))
        return function(x, wanted, bool(node.get("keepdims", 1))) if wanted else function(x[None], [0], False)

    return apply


def arg(*, largest: bool) -> Function:
    """ArgMax or ArgMin."""

    def apply(node: Node, x: torch.Tensor) -> torch.Tensor:
        axis, keep = node.get("axis", 0), bool(node.get("keepdims", 1))
        if not node.get("select_last_index", 0):
            # PyTorch does not promise which of equal values it takes; before the first there is none.
            best: torch.Tensor = x.amax(axis, keepdim=True) if largest else x.amin(axis, keepdim=True)
            return torch.sum(torch.cumsum(x.eq(best), axis).eq(0), axis, keepdim=keep)
        return torch.sub(x.shape[axis] - 1, apply(_first(node), x.flip(axis)))

    return apply


def _first(node: Node) -> Node:
    attributes = {name: value for name, value in node.attributes.items() if name != "select_last_index"}
    return Node(node.op_type, attributes, node.outputs, node.opset)


def _product(x: torch.Tensor, axes: list[int], keep: bool) -> torch.Tensor:
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


FUNCTIONS: dict[str, Function] = {
    "ReduceMean": reduction(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
    "ReduceSum": reduction(lambda x, axes, keep: x.sum(axes, keepdim=keep, dtype=x.dtype)),
    "ReduceMax": reduction(lambda x, axes, keep: x.amax(axes, keepdim=keep)),
    "ReduceMin": reduction(lambda x, axes, keep: x.amin(axes, keepdim=keep)),
    "ReduceProd": reduction(_product),
    "ReduceL1": reduction(lambda x, axes, keep: x.abs().sum(axes, keepdim=keep)),
    "ReduceL2": reduction(lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt()),
    "ReduceSumSquare": reduction(lambda x, axes, keep: x.square().sum(axes, keepdim=keep)),
    "ReduceLogSumExp": reduction(lambda x, axes, keep: x.logsumexp(axes, keepdim=keep)),
    "ArgMax": arg(largest=True),
    "ArgMin": arg(largest=False),
}
