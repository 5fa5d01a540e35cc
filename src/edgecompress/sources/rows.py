"""A network of several inputs or outputs, as the stages know it: a row of numbers in, a row of numbers out.

``signature.join`` does that where only classes and files matter. Here rows are taken apart again too, as the network
gave them, for a loss or a metric of the user's.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from edgecompress.manifest import End
from edgecompress.sources.signature import Signature, type_of


class Rows:
    """Hooks on a network, which copies of it share.

    Args:
        module: the network.
        signature: its inputs and outputs.
        example: what it puts out. One tensor of a network of one input needs no hooks.
    """

    def __init__(self, module: nn.Module, signature: Signature, example: object) -> None:
        self._last: tuple[Any, list[object]] | None = None
        self._handles: list[Any] = []
        self._flat = not signature.plain
        if not (signature.plain and isinstance(example, torch.Tensor)):
            if not signature.plain:
                self._handles.append(module.register_forward_pre_hook(_splitting(signature.inputs)))
            self._handles.append(module.register_forward_hook(self._joining()))

    def outputs(self, row: torch.Tensor) -> Any:
        """The outputs of the network from ``row``, which its last call or several like it gave."""
        if self._last is None:
            return row
        layout, leaves = self._last
        if not self._flat:
            return pytree.tree_unflatten([row if isinstance(leaf, torch.Size) else leaf for leaf in leaves], layout)
        shapes = [leaf for leaf in leaves if isinstance(leaf, torch.Size)]
        parts = iter(torch.split(row, [math.prod(shape) for shape in shapes], dim=1))
        found = [next(parts).reshape(len(row), *leaf) if isinstance(leaf, torch.Size) else leaf for leaf in leaves]
        return pytree.tree_unflatten(found, layout)

    def remove(self) -> None:
        """Take the hooks away again."""
        for handle in self._handles:
            handle.remove()

    def _joining(self) -> Any:
        """A function and no method: copies of a network share it, and what it remembers."""

        def join(_: nn.Module, given: object, out: object) -> torch.Tensor:  # noqa: ARG001 - a hook's contract
            leaves, layout = pytree.tree_flatten(out)
            tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
            self._last = layout, [leaf.shape[1:] if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
            if not self._flat:
                return tensors[0].float()
            return torch.cat([each.reshape(len(each), -1).float() for each in tensors], dim=1)

        return join


def _splitting(inputs: Sequence[End]) -> Any:
    sizes = [math.prod(end.shape) for end in inputs]

    def split(_: nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        (x,) = given
        parts = torch.split(x, sizes, dim=1)
        return tuple(part.reshape(len(x), *end.shape).to(type_of(end)) for part, end in zip(parts, inputs, strict=True))

    return split
