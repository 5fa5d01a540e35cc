"""A TFLite graph in plain Python: what the lowering makes and the writer stores."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]


@dataclass(eq=False)
class Tensor:
    """A tensor of the graph: an activation, or with ``data`` a constant.

    ``data`` may lie in any order of strides, and be a view of what is not to be changed: it is laid out in order when
    it is written. ``compressible`` marks the weights: the constants that DENSIFY and DEQUANTIZE may precede. All others
    stay plain.
    ``kind`` is the NumPy name of an activation's type; a constant has its array's.
    """

    name: str
    shape: tuple[int, ...]
    data: Array | None = None
    compressible: bool = False
    kind: str = "float32"


@dataclass(eq=False)
class TfliteOperator:
    """One operator. ``code`` and the keys of ``options`` are names of the TFLite schema."""

    code: str
    inputs: list[Tensor]
    output: Tensor
    options: dict[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass(eq=False)
class TfliteGraph:
    """Operators in execution order; inputs and outputs in the order of the model they come from."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    operators: list[TfliteOperator]

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor that is used, once, in order of first use."""
        seen: dict[int, Tensor] = {}
        for tensor in self.inputs:
            seen.setdefault(id(tensor), tensor)
        for operator in self.operators:
            for tensor in (*operator.inputs, operator.output):
                seen.setdefault(id(tensor), tensor)
        yield from seen.values()

    def make_names_unique(self) -> None:
        """Number the tensors whose name another has, as where one constant is folded twice; never inputs or outputs."""
        taken: set[str] = set()
        for tensor in dict.fromkeys((*self.inputs, *self.outputs, *self.tensors())):
            name, number = tensor.name, 1
            while tensor.name in taken:
                number += 1
                tensor.name = f"{name}/{number}"
            taken.add(tensor.name)

    def constants(self) -> Iterator[tuple[Tensor, Array]]:
        """Every constant that is used, once, with its array."""
        for tensor in self.tensors():
            if tensor.data is not None:
                yield tensor, tensor.data
