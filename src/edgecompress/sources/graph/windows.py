"""Convolutions and pools: operators that see a window of each place."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from edgecompress.sources.graph.node import Function, Node, Value

_CONV = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_CONV_TRANSPOSE = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}
_MAX_POOL: dict[int, Any] = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGE_POOL: dict[int, Any] = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def pads(node: Node, sizes: Sequence[int], kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """The padding before and after each axis; ``auto_pad`` depends on the ``sizes`` of the input."""
    count, mode = len(kernel), node.get("auto_pad", "NOTSET")
    strides, dilations = node.get("strides", (1,) * count), node.get("dilations", (1,) * count)
    if mode == "VALID":
        return [0] * count, [0] * count
    if mode == "NOTSET":
        given = list(node.get("pads", (0,) * 2 * count))
        return given[:count], given[count:]
    whole = [
        max(0, (-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size)
        for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True)
    ]
    less, more = [each // 2 for each in whole], [each - each // 2 for each in whole]
    return (less, more) if mode == "SAME_UPPER" else (more, less)


def padded(x: torch.Tensor, before: Sequence[int], after: Sequence[int], value: float = 0.0) -> torch.Tensor:
    """``x`` with its spatial axes padded."""
    sides = [side for pair in zip(reversed(before), reversed(after), strict=True) for side in pair]
    return functional.pad(x, sides, value=value) if any(sides) else x


def conv(node: Node, x: torch.Tensor, weight: torch.Tensor, bias: Value = None) -> torch.Tensor:
    """Conv with weights that are not a layer's: computed, or shared in another layout."""
    count = x.ndim - 2
    x = padded(x, *pads(node, x.shape[2:], weight.shape[2:]))
    strides, dilations = node.get("strides", (1,) * count), node.get("dilations", (1,) * count)
    return _CONV[count](x, weight, bias, tuple(strides), 0, tuple(dilations), node.get("group", 1))


def conv_transpose(node: Node, x: torch.Tensor, weight: torch.Tensor, bias: Value = None) -> torch.Tensor:
    """ConvTranspose: the whole result is computed, then what the padding takes off is cut away."""
    count = x.ndim - 2
    kernel = weight.shape[2:]
    strides, dilations = node.get("strides", (1,) * count), node.get("dilations", (1,) * count)
    extra = list(node.get("output_padding", (0,) * count))
    whole = [
        (size - 1) * stride + (k - 1) * dilation + 1 + more
        for size, k, stride, dilation, more in zip(x.shape[2:], kernel, strides, dilations, extra, strict=True)
    ]
    mode, wanted = node.get("auto_pad", "NOTSET"), node.get("output_shape")
    if mode.startswith("SAME") and wanted is None:
        wanted = [size * stride for size, stride in zip(x.shape[2:], strides, strict=True)]
    if wanted is not None:
        cut = [size - want for size, want in zip(whole, wanted, strict=True)]
        less, more_ = [each // 2 for each in cut], [each - each // 2 for each in cut]
        before, after = (less, more_) if mode == "SAME_UPPER" else (more_, less)
    else:
        given = list(node.get("pads", (0,) * 2 * count)) if mode == "NOTSET" else [0] * 2 * count
        before, after = given[:count], given[count:]
    # The output padding is a border of the bias alone, and may be wider than PyTorch allows.
    y = _CONV_TRANSPOSE[count](x, weight, None, tuple(strides), 0, 0, node.get("group", 1), tuple(dilations))
    y = padded(y, [-each for each in before], [more - each for more, each in zip(extra, after, strict=True)])
    return y if bias is None else y + bias.reshape(1, -1, *(1,) * count)


def max_pool(node: Node, x: torch.Tensor) -> torch.Tensor:
    """MaxPool.

    Raises:
        ValueError: the indices are asked for.
    """
    if node.outputs > 1:
        raise ValueError("MaxPool with its indices")
    kernel = node.get("kernel_shape")
    count = len(kernel)
    before, after = pads(node, x.shape[2:], kernel)
    after = _ceiled(node, x, before, after)
    strides, dilations = node.get("strides", (1,) * count), node.get("dilations", (1,) * count)
    lowest = -math.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    pooled: torch.Tensor = _MAX_POOL[count](padded(x, before, after, lowest), kernel, strides, 0, dilations)
    return pooled


def average_pool(node: Node, x: torch.Tensor) -> torch.Tensor:
    """AveragePool: the sum of a window over how many of its places count."""
    kernel = node.get("kernel_shape")
    count = len(kernel)
    before, after = pads(node, x.shape[2:], kernel)
    beyond = _ceiled(node, x, before, after)
    strides, dilations = tuple(node.get("strides", (1,) * count)), tuple(node.get("dilations", (1,) * count))
    ones = torch.ones_like(x[:1, :1])
    if node.get("count_include_pad", 0):
        ones = padded(ones, before, after, 1.0)
        ones = padded(ones, [0] * count, [b - a for a, b in zip(after, beyond, strict=True)])
    else:
        ones = padded(ones, before, beyond)
    window = torch.ones((1, 1, *kernel), dtype=x.dtype, device=x.device)
    channels = padded(x, before, beyond).flatten(0, 1)[:, None]
    sums = _CONV[count](channels, window, None, strides, 0, dilations)
    return (sums / _CONV[count](ones, window, None, strides, 0, dilations)).reshape(*x.shape[:2], *sums.shape[2:])


def _ceiled(node: Node, x: torch.Tensor, before: Sequence[int], after: Sequence[int]) -> list[int]:
    """``after`` with what ``ceil_mode`` adds; a window that would begin in what is added is left out."""
    if not node.get("ceil_mode", 0):
        return list(after)
    kernel = node.get("kernel_shape")
    count = len(kernel)
    strides, dilations = node.get("strides", (1,) * count), node.get("dilations", (1,) * count)
    found = []
    for size, k, stride, dilation, first, last in zip(
        x.shape[2:], kernel, strides, dilations, before, after, strict=True
    ):
        span = (k - 1) * dilation + 1
        windows = -(-(size + first + last - span) // stride) + 1
        windows -= (windows - 1) * stride >= size + first
        found.append(max(last, (windows - 1) * stride + span - size - first))
    return found


def _spatial(x: torch.Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


FUNCTIONS: dict[str, Function] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda _, x: x.mean(_spatial(x), keepdim=True),
    "GlobalMaxPool": lambda _, x: x.amax(_spatial(x), keepdim=True),
}
