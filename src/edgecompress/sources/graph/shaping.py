"""Operators that move, repeat, choose and join elements."""

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from edgecompress.errors import InputError
from edgecompress.sources.graph.node import Function, Node, Value, integers


def constant(node: Node) -> torch.Tensor:
    """Constant, of numbers.

    Raises:
        ValueError: it is text or sparse.
    """
    for name, kind in (("value_float", torch.float32), ("value_floats", torch.float32)):
        if name in node.attributes:
            return torch.tensor(node.get(name), dtype=kind)
    for name in ("value_int", "value_ints"):
        if name in node.attributes:
            return torch.tensor(node.get(name), dtype=torch.int64)
    if not isinstance(node.get("value"), np.ndarray):
        raise ValueError("Constant of text")  # noqa: TRY004 - of a file, not of a caller
    return as_tensor(node.get("value"))


def as_tensor(array: np.ndarray[Any, Any]) -> torch.Tensor:
    """An array as a tensor that shares nothing with it; all floats become float32.

    Raises:
        InputError: PyTorch has no such numbers, as of 4 bits.
    """
    is_float = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
    try:
        tensor = torch.from_numpy(np.array(array, np.float32 if is_float else array.dtype))
    except TypeError as error:
        why = f"the graph holds constants of type {array.dtype}, which cannot be trained here"
        raise InputError(f"{why}; export it with float32 weights") from error
    return tensor.reshape(array.shape)


def constant_of_shape(node: Node, shape: torch.Tensor) -> torch.Tensor:
    """ConstantOfShape."""
    value = as_tensor(node.get("value", np.zeros(1, np.float32)))
    return value.to(shape.device).reshape(()).expand(integers(shape) or []).clone()


def shape(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Shape."""
    return torch.tensor(list(x.shape)[node.get("start", 0) : node.get("end")], dtype=torch.int64, device=x.device)


def reshape(node: Node, x: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    """Reshape: 0 keeps an axis."""
    sizes = integers(to) or []
    if not node.get("allowzero", 0):
        sizes = [x.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return x.reshape(sizes)


def flatten(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Flatten: always to two axes."""
    axis = node.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def squeeze(node: Node, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
    """Squeeze."""
    wanted = integers(axes) if axes is not None else node.get("axes")
    return x.squeeze() if wanted is None else x.squeeze(tuple(wanted))


def unsqueeze(node: Node, x: torch.Tensor, axes: Value = None) -> torch.Tensor:
    """Unsqueeze: the axes count in the output."""
    wanted = integers(axes) if axes is not None else list(node.get("axes"))
    rank = x.ndim + len(wanted or [])
    for axis in sorted(axis % rank for axis in wanted or []):
        x = x.unsqueeze(axis)
    return x


def transpose(node: Node, x: torch.Tensor) -> torch.Tensor:
    """Transpose: without an order it is turned round."""
    return x.permute(tuple(node.get("perm", reversed(range(x.ndim)))))


def split(node: Node, x: torch.Tensor, sizes: Value = None) -> tuple[torch.Tensor, ...]:
    """Split: by sizes, or into equal parts of which the last may be smaller."""
    axis, given = node.get("axis", 0), integers(sizes) if sizes is not None else node.get("split")
    if given is None:
        parts = node.get("num_outputs", node.outputs)
        part = -(-x.shape[axis] // parts)
        given = [part] * (parts - 1) + [x.shape[axis] - part * (parts - 1)]
    return torch.split(x, list(given), axis)


def slice_(
    _: Node, x: torch.Tensor, starts: torch.Tensor, signature: torch.Tensor, axes: Value = None, steps: Value = None
) -> torch.Tensor:
    """Slice, as Python's: a negative step goes backwards."""
    first, last = integers(starts) or [], integers(signature) or []
    along, by = integers(axes) or list(range(len(first))), integers(steps) or [1] * len(first)
    for axis, start, end, step in zip(along, first, last, by, strict=True):
        size = x.shape[axis]
        if step < 0 and end < -size:
            end = None  # type: ignore[assignment]  # noqa: PLW2901 - down to the first element, and with it
        indices = range(*slice(start, end, step).indices(size))
        chosen = torch.tensor(indices, dtype=torch.int64, device=x.device)
        x = (
            x[(slice(None),) * (axis % x.ndim) + (slice(start, end, step),)]
            if step > 0
            else x.index_select(axis, chosen)
        )
    return x


def pad(node: Node, x: torch.Tensor, pads: Value = None, value: Value = None, axes: Value = None) -> torch.Tensor:
    """Pad; negative widths cut off.

    Raises:
        ValueError: a mode that PyTorch has not for this tensor.
    """
    sides = integers(pads) if pads is not None else list(node.get("pads"))
    assert sides is not None
    along = integers(axes) or list(range(x.ndim))
    before, after = [0] * x.ndim, [0] * x.ndim
    for number, axis in enumerate(along):
        before[axis % x.ndim], after[axis % x.ndim] = sides[number], sides[number + len(along)]
    mode = node.get("mode", "constant")
    if mode == "constant":
        flat = [side for axis in reversed(range(x.ndim)) for side in (before[axis], after[axis])]
        return functional.pad(x, flat, value=0 if value is None else value.item())
    for axis in range(x.ndim):
        if before[axis] or after[axis]:
            x = x.index_select(axis, _border(mode, x.shape[axis], before[axis], after[axis]).to(x.device))
    return x


def _border(mode: str, size: int, before: int, after: int) -> torch.Tensor:
    """The index in an axis of each element of the padded one."""
    at = torch.arange(-before, size + after)
    if mode == "edge":
        return at.clamp(0, size - 1)
    if mode == "wrap":
        return at % size
    if mode != "reflect":
        raise ValueError(f"Pad with mode {mode}")
    period = max(1, 2 * (size - 1))
    return (size - 1) - ((at % period) - (size - 1)).abs()


def expand(_: Node, x: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
    """Expand, both ways: an axis of length one in the wanted shape keeps the tensor's own."""
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(integers(to) or [])))


def gather(node: Node, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """Gather: negative indices count from the end."""
    axis = node.get("axis", 0) % x.ndim
    flat = indices.reshape(-1).long()
    found = x.index_select(axis, torch.where(flat < 0, flat + x.shape[axis], flat))
    return found.reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])


def gather_elements(node: Node, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """GatherElements."""
    axis = node.get("axis", 0)
    return torch.gather(x, axis, torch.where(indices < 0, indices + x.shape[axis], indices).long())


def depth_to_space(node: Node, x: torch.Tensor) -> torch.Tensor:
    """DepthToSpace."""
    b, (n, c, h, w) = node.get("blocksize"), x.shape
    if node.get("mode", "DCR") == "DCR":
        return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)
    return functional.pixel_shuffle(x, b)


def space_to_depth(node: Node, x: torch.Tensor) -> torch.Tensor:
    """SpaceToDepth.

    Raises:
        ValueError: columns, rows, depth, which opset 26 has.
    """
    if node.get("mode", "DCR") != "DCR":
        raise ValueError("SpaceToDepth with mode CRD")
    b, (n, c, h, w) = node.get("blocksize"), x.shape
    return x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4).reshape(n, c * b**2, h // b, w // b)


def range_(_: Node, start: torch.Tensor, limit: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
    """Range."""
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype, device=start.device)


def cumsum(node: Node, x: torch.Tensor, axis: torch.Tensor) -> torch.Tensor:
    """CumSum."""
    along = int(axis.item())
    x = x.flip(along) if node.get("reverse", 0) else x
    sums = x.cumsum(along) - x if node.get("exclusive", 0) else x.cumsum(along)
    return sums.flip(along) if node.get("reverse", 0) else sums


FUNCTIONS: dict[str, Function] = {
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Shape": shape,
    "Size": lambda _, x: torch.tensor(x.numel(), dtype=torch.int64, device=x.device),
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Concat": lambda node, *each: torch.cat(each, node.get("axis")),
    "Split": split,
    "Slice": slice_,
    "Pad": pad,
    "Expand": expand,
    "Tile": lambda _, x, repeats: x.repeat(integers(repeats) or []),
    "Gather": gather,
    "GatherElements": gather_elements,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    "Range": range_,
    "CumSum": cumsum,
}
