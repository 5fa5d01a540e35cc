"""Matrix products and normalisations whose weights are not a layer's."""

import torch
from torch.nn import functional

from edgecompress.sources.graph.node import Function, Node, Value


def gemm(node: Node, a: torch.Tensor, b: torch.Tensor, c: Value = None) -> torch.Tensor:
    """Gemm."""
    a = a.T if node.get("transA", 0) else a
    b = b.T if node.get("transB", 0) else b
    y = node.get("alpha", 1.0) * (a @ b) if node.get("alpha", 1.0) != 1 else a @ b
    return y if c is None else y + node.get("beta", 1.0) * c


def batch_normalization(
    node: Node, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor
) -> torch.Tensor:
    """BatchNormalization whose statistics are not a layer's.

    Raises:
        ValueError: it is in training mode.
    """
    if node.get("training_mode", 0):
        raise ValueError("BatchNormalization in training mode")
    return functional.batch_norm(x, mean, variance, scale, shift, False, 0.0, node.get("epsilon", 1e-5))


def instance_normalization(node: Node, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """InstanceNormalization."""
    return functional.instance_norm(x, weight=scale, bias=shift, eps=node.get("epsilon", 1e-5))


def layer_normalization(
    node: Node, x: torch.Tensor, scale: torch.Tensor, shift: Value = None
) -> torch.Tensor | tuple[torch.Tensor, ...]:
    """LayerNormalization over the last axes.

    Raises:
        ValueError: mean and deviation are asked for.
    """
    if node.outputs > 1:
        raise ValueError("LayerNormalization with its mean")
    axes = list(range(node.get("axis", -1) % x.ndim, x.ndim))
    centred = x - x.mean(axes, keepdim=True)
    y = centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + node.get("epsilon", 1e-5)) * scale
    return y if shift is None else y + shift


def rms_normalization(node: Node, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """RMSNormalization over the last axes."""
    axes = list(range(node.get("axis", -1) % x.ndim, x.ndim))
    return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + node.get("epsilon", 1e-5)) * scale


def group_normalization(node: Node, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """GroupNormalization; before opset 21 scale and shift were of a group each."""
    groups = node.get("num_groups")
    if node.opset < 21:
        each = x.shape[1] // groups
        scale, shift = scale.repeat_interleave(each), shift.repeat_interleave(each)
    return functional.group_norm(x, groups, scale, shift, node.get("epsilon", 1e-5))


def dropout(node: Node, x: torch.Tensor, ratio: Value = None, _training: Value = None) -> torch.Tensor:
    """Dropout: it drops while the network trains, whatever the file says.

    Raises:
        ValueError: the mask is asked for.
    """
    if node.outputs > 1:
        raise ValueError("Dropout with its mask")
    return functional.dropout(x, 0.5 if ratio is None else float(ratio), node.training)


FUNCTIONS: dict[str, Function] = {
    "Gemm": gemm,
    "MatMul": lambda _, a, b: a @ b,
    "Einsum": lambda node, *each: torch.einsum(node.get("equation"), *each),
    "BatchNormalization": batch_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "GroupNormalization": group_normalization,
    "Dropout": dropout,
}
