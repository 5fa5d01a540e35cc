"""A node of the graph, as the functions that compute it see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Value = torch.Tensor | None
Function = Callable[..., Any]
"""``function(node, *inputs)``: the output, or a tuple of all outputs; an input that is left out is ``None``."""


@dataclass(frozen=True)
class Node:
    """The settings of a node that its function needs beside the inputs.

    Attributes:
        op_type: the operator.
        attributes: as numbers, strings, tuples and arrays; what is at its default may be missing.
        outputs: how many outputs are asked for.
        opset: of the model.
        training: whether the network trains.
    """

    op_type: str
    attributes: dict[str, Any]
    outputs: int
    opset: int
    training: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or ``default``."""
        return self.attributes.get(name, default)


def integers(value: Value) -> list[int] | None:
    """A tensor of shapes, axes or sizes as numbers."""
    return None if value is None else [int(each) for each in value.reshape(-1).tolist()]
