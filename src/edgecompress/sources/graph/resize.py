"""Resize and Upsample, axis by axis: which elements a place is made of, and with what weights."""

import math

import torch

from edgecompress.sources.graph.node import Function, Node, Value, integers


def resize(node: Node, x: torch.Tensor, roi: Value = None, scales: Value = None, sizes: Value = None) -> torch.Tensor:
    """Resize by the nearest element or linearly.

    Raises:
        ValueError: cubic, with a filter against aliasing, or of a part of the tensor.
    """
    del roi  # only for tf_crop_and_resize
    mode = node.get("mode", "nearest")
    if mode not in ("nearest", "linear") or node.get("antialias", 0):
        raise ValueError(f"Resize with mode {mode}" + (" and antialias" if node.get("antialias", 0) else ""))
    axes = [axis % x.ndim for axis in node.get("axes", range(x.ndim))]
    factors, lengths = _targets(node, x, axes, scales, sizes)
    for axis, factor, length in zip(axes, factors, lengths, strict=True):
        if length == x.shape[axis] and factor == 1:
            continue
        place = _places(node, x.shape[axis], length, factor).to(x.device)
        x = _nearest(node, x, axis, place) if mode == "nearest" else _linear(x, axis, place.to(x.dtype))
    return x


def upsample(node: Node, x: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """Upsample, of opset 9: places are ``place / scale``, nearest rounds down."""
    as_resize = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", **node.attributes}
    return resize(Node("Resize", as_resize, 1, node.opset), x, None, scales)


def _targets(
    node: Node, x: torch.Tensor, axes: list[int], scales: Value, sizes: Value
) -> tuple[list[float], list[int]]:
    """The factor and the new length of each axis."""
    if sizes is None or not sizes.numel():
        assert scales is not None
        factors = [float(scale) for scale in scales.tolist()]
        return factors, [math.floor(x.shape[axis] * factor) for axis, factor in zip(axes, factors, strict=True)]
    lengths = integers(sizes) or []
    factors = [length / x.shape[axis] for axis, length in zip(axes, lengths, strict=True)]
    policy = node.get("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        factor = min(factors) if policy == "not_larger" else max(factors)
        return [factor] * len(axes), [math.floor(x.shape[axis] * factor + 0.5) for axis in axes]
    return factors, lengths


def _places(node: Node, size: int, length: int, factor: float) -> torch.Tensor:
    """The position in the axis of each new element, float64 of shape (length,)."""
    mode = node.get("coordinate_transformation_mode", "half_pixel")
    new = torch.arange(length, dtype=torch.float64)
    if mode == "asymmetric":
        return new / factor
    if mode == "align_corners":
        return new * ((size - 1) / (length - 1)) if length > 1 else new
    if mode == "pytorch_half_pixel" and length == 1:
        return torch.zeros(1, dtype=torch.float64)
    if mode == "half_pixel_symmetric":
        exact = size * factor
        return size / 2 * (1 - length / exact) + (new + 0.5) / factor - 0.5
    if mode in ("half_pixel", "pytorch_half_pixel"):
        return (new + 0.5) / factor - 0.5
    raise ValueError(f"Resize with coordinates {mode}")


def _nearest(node: Node, x: torch.Tensor, axis: int, place: torch.Tensor) -> torch.Tensor:
    how = node.get("nearest_mode", "round_prefer_floor")
    rounded = {
        "round_prefer_floor": torch.ceil(place - 0.5),
        "round_prefer_ceil": torch.floor(place + 0.5),
        "floor": torch.floor(place),
        "ceil": torch.ceil(place),
    }[how]
    return x.index_select(axis, rounded.long().clamp(0, x.shape[axis] - 1))


def _linear(x: torch.Tensor, axis: int, place: torch.Tensor) -> torch.Tensor:
    place = place.clamp(0, x.shape[axis] - 1)
    low = place.floor().long()
    high = (low + 1).clamp(max=x.shape[axis] - 1)
    part = (place - low).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    return x.index_select(axis, low) * (1 - part) + x.index_select(axis, high) * part


FUNCTIONS: dict[str, Function] = {"Resize": resize, "Upsample": upsample}
