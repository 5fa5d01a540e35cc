"""What a decoder builds with: stored arrays, constants shared by the whole graph, operators, and short names."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

LABEL = "encoding"
"""Metadata key on the last node of a decode subgraph. It is there for people; nothing is computed from it."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass
class Scope:
    """What all decode subgraphs of one graph share: the names in use and the constants made so far."""

    taken: Container[str]
    constants: dict[tuple[str, tuple[int, ...], bytes], ir.Value] = field(default_factory=dict)
    used_names: int = 0

    def fork(self) -> "Scope":
        """A copy to try something in: it gives the same names, and what is added to it is not added here."""
        return Scope(self.taken, dict(self.constants), self.used_names)

    def name(self) -> str:
        """The next short name that the graph does not use: every byte of it is paid several times in each tensor."""
        while True:
            number, text = self.used_names, ""
            self.used_names += 1
            while not text or number:
                number, digit = divmod(number, len(_DIGITS))
                text = _DIGITS[digit] + text
            if text not in self.taken:
                return text


class Builder:
    """Builds the subgraph that decodes one tensor.

    ``nodes``, ``initializers`` and ``output`` are the result; the initialisers include constants that the scope did not
    have yet.
    """

    def __init__(self, scope: Scope, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._scope = scope
        self._arrays = arrays
        self.nodes: list[ir.Node] = []
        self.initializers: list[ir.Value] = []

    def stored(self, key: str, shape: tuple[int, ...] | None = None) -> ir.Value:
        """The array stored as ``key`` as an initialiser, in its own shape or another of the same size."""
        array = self._arrays[key]
        return self._initializer(array if shape is None else array.reshape(shape))

    def length(self, key: str) -> int:
        """Elements of the array stored as ``key``."""
        return self._arrays[key].size

    def constant(self, array: npt.NDArray[np.generic]) -> ir.Value:
        """A small constant; equal ones are one initialiser in the whole graph."""
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._scope.constants:
            self._scope.constants[key] = self._initializer(array)
        return self._scope.constants[key]

    def integers(self, *values: int) -> ir.Value:
        """A one-dimensional int64 constant: a shape, an axis, a bound."""
        return self.constant(np.array(values, np.int64))

    def op(self, op_type: str, *inputs: ir.Value, **attributes: int | str) -> ir.Value:
        """The output of a new node. It has no node name: runtimes need none, and it costs bytes."""
        output = ir.Value(name=self._scope.name())
        self.nodes.append(ir.node(op_type, inputs, attributes, outputs=[output], name=""))
        return output

    def cast(self, value: ir.Value, dtype: ir.DataType) -> ir.Value:
        """``value`` as another type."""
        return self.op("Cast", value, to=int(dtype))

    def finish(self, name: str, label: str) -> ir.Value:
        """Name the output of the last node as the tensor it stands for, and label that node."""
        node = self.nodes[-1]
        node.metadata_props[LABEL] = label
        (output,) = node.outputs
        output.name = name
        return output

    def byte_size(self) -> int:
        """Exact bytes that the subgraph adds to the serialised graph."""
        graph = onnx.GraphProto()
        graph.node.extend(ir.to_proto(node) for node in self.nodes)
        for value in self.initializers:
            assert value.const_value is not None
            graph.initializer.append(ir.to_proto(value.const_value))
        graph.value_info.extend(ir.to_proto(value) for node in self.nodes for value in node.outputs if value.type)
        return int(graph.ByteSize())

    def _initializer(self, array: npt.NDArray[np.generic]) -> ir.Value:
        name = self._scope.name()
        value = ir.Value(name=name, const_value=ir.Tensor(array, name=name))
        self.initializers.append(value)
        return value
