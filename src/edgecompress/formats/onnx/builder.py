"""The builder of decoders: stored arrays, constants shared by the whole graph, operators, and short names."""

import string
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

LABEL = "encoding"
"""Metadata key on the last node of a decode subgraph. It is there for people; nothing is computed from it."""

_CAST, _SUM = 30, 20
"""Bytes of a Cast and of a CumSum."""

_SAME = 16
"""Equal numbers that take more bytes than the operator that repeats one."""

_SAME_SIZE = 6
"""Pieces of one size whose sizes take more bytes than another Split."""

_EQUAL_PARTS = 18
"""From this opset on, a Split into equal parts says how many."""

_DIGITS = string.digits + string.ascii_letters


@dataclass
class NameScope:
    """The scope that all decode subgraphs of one graph share: the names in use and the constants made so far."""

    taken: Container[str]
    opset: int
    constants: dict[tuple[str, tuple[int, ...], bytes], ir.Value] = field(default_factory=dict)
    used_names: int = 0

    def fork(self) -> "NameScope":
        """A copy to try something in: it gives the same names, and what is added to it is not added here."""
        return NameScope(self.taken, self.opset, dict(self.constants), self.used_names)

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


def _narrow(numbers: npt.NDArray[np.int32]) -> np.dtype[Any]:
    """The smallest type that holds all numbers, of those that every runtime casts."""
    types = (np.dtype(name) for name in ("uint8", "int8", "uint16", "int16"))
    bounds = ((each, np.iinfo(each)) for each in types)
    low, high = numbers.min(initial=0), numbers.max(initial=0)
    return next((each for each, bound in bounds if bound.min <= low and high <= bound.max), np.dtype(np.int32))


class Builder:
    """Builds the subgraph that decodes one tensor or several.

    ``nodes`` and ``initializers`` are the result; the initialisers include constants that the scope did not have yet.
    """

    def __init__(self, scope: NameScope) -> None:
        self._scope = scope
        self._zeros: dict[int, ir.Value] = {}
        self.nodes: list[ir.Node] = []
        self.initializers: list[ir.Value] = []

    @property
    def opset(self) -> int:
        """The opset of the graph."""
        return self._scope.opset

    def stored(self, array: npt.NDArray[np.generic]) -> ir.Value:
        """An initialiser of its own."""
        name = self._scope.name()
        value = ir.Value(name=name, const_value=ir.Tensor(array, name=name))
        self.initializers.append(value)
        return value

    def constant(self, array: npt.NDArray[np.generic]) -> ir.Value:
        """A small constant; equal ones are one initialiser in the whole graph."""
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._scope.constants:
            self._scope.constants[key] = self.stored(array)
        return self._scope.constants[key]

    def integers(self, *values: int) -> ir.Value:
        """A one-dimensional int64 constant: a shape, an axis, a bound."""
        return self.constant(np.array(values, np.int64))

    def op(self, op_type: str, *inputs: ir.Value, **attributes: Any) -> ir.Value:
        """The output of a new node. It has no node name: runtimes need none, and it costs bytes."""
        return self._node(op_type, inputs, attributes, 1)[0]

    def cast(self, value: ir.Value, dtype: ir.DataType) -> ir.Value:
        """``value`` as another type."""
        return self.op("Cast", value, to=int(dtype))

    def slice(self, value: ir.Value, stop: int) -> ir.Value:
        """The first ``stop`` elements of a vector."""
        return self.op("Slice", value, self.integers(0), self.integers(stop))

    def running_sum(self, value: ir.Value) -> ir.Value:
        """Of a vector, each element included in its own sum."""
        return self.op("CumSum", value, self.constant(np.array(0, np.int64)))

    def range(self, start: int, count: int, step: int) -> ir.Value:
        """``count`` numbers from ``start``: int32 [count]."""
        bounds = (start, start + count * step, step)
        return self.op("Range", *(self.constant(np.array(bound, np.int32)) for bound in bounds))

    def zeros(self, count: int) -> ir.Value:
        """int32 [count], one of each length in a subgraph."""
        if count not in self._zeros:
            value = ir.Tensor(np.zeros(1, np.int32))
            self._zeros[count] = self.op("ConstantOfShape", self.integers(count), value=value)
        return self._zeros[count]

    def runs(self, count: int, starts: npt.ArrayLike, steps: npt.ArrayLike) -> ir.Value:
        """int32 [count], 0 at first, and from each of ``starts`` on, which rise, ``steps`` more than before it."""
        places, differences = (np.asarray(each, np.int32) for each in (starts, steps))
        changed = np.flatnonzero(differences)
        if not len(changed):
            return self.zeros(count)
        places, differences = places[changed], differences[changed]
        same = len(differences) >= _SAME and (differences == differences[0]).all()
        found = self.filled(len(differences), int(differences[0])) if same else self.integer_array(differences)
        return self.running_sum(self.op("ScatterElements", self.zeros(count), self.rising(places), found))

    def filled(self, count: int, number: int) -> ir.Value:
        """int32 [count], all the same."""
        return self.op("ConstantOfShape", self.integers(count), value=ir.Tensor(np.array([number], np.int32)))

    def rising(self, numbers: npt.NDArray[np.int32]) -> ir.Value:
        """An int32 vector that rises: its differences, where those take fewer bytes."""
        differences = np.diff(numbers, prepend=np.int32(0))
        narrow = _narrow(differences)
        if len(numbers) * (4 - narrow.itemsize) < _CAST + _SUM:
            return self.constant(numbers)
        return self.running_sum(self.integer_array(differences))

    def integer_array(self, numbers: npt.NDArray[np.int32]) -> ir.Value:
        """An int32 vector, stored in one or two bytes a number where that takes fewer bytes."""
        narrow = _narrow(numbers)
        if len(numbers) * (4 - narrow.itemsize) < _CAST:
            return self.constant(numbers)
        return self.cast(self.constant(numbers.astype(narrow)), ir.DataType.INT32)

    def compress(self, value: ir.Value, chosen: ir.Value, count: int) -> ir.Value:
        """The ``count`` elements of an int32 vector where ``chosen`` is set."""
        found = self.op("Compress", value, chosen)
        # The one kind of shape that cannot be inferred. Unless it is stated, onnxruntime >= 1.27 folds nothing from
        # here on, and decodes at every inference.
        found.type, found.shape = ir.TensorType(ir.DataType.INT32), ir.Shape([count])
        return found

    def split(self, value: ir.Value, sizes: Sequence[int], *, axis: int = 0) -> list[ir.Value]:
        """A value in pieces; those of size 0 are left out, and no node is added for a single piece.

        Pieces of one size need no list of sizes, which is 8 bytes a piece: many of them are cut off as one first.
        """
        runs = [list(run) for _, run in groupby(size for size in sizes if size)]
        found: list[ir.Value] = []
        parts = [part for run in runs for part in ([run] if len(run) >= _SAME_SIZE else [[size] for size in run])]
        if len(runs) == 1:
            parts = [[size] for size in runs[0]]
        for part, piece in zip(parts, self._pieces(value, [sum(part) for part in parts], axis), strict=True):
            found += self._pieces(piece, part, axis)
        return found

    def _pieces(self, value: ir.Value, sizes: list[int], axis: int) -> list[ir.Value]:
        if len(sizes) == 1:
            return [value]
        attributes = {"axis": axis} if axis else {}
        if len(set(sizes)) > 1:
            return self._node("Split", [value, self.integers(*sizes)], attributes, len(sizes))
        if self.opset >= _EQUAL_PARTS:
            attributes["num_outputs"] = len(sizes)
        return self._node("Split", [value], attributes, len(sizes))

    def concat(self, values: Sequence[ir.Value]) -> ir.Value:
        """Vectors one after the other."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=0)

    def repeat_last(self, value: ir.Value, times: int) -> ir.Value:
        """A vector with its last element repeated ``times`` more."""
        return self.op("Pad", value, self.integers(0, times), mode="edge")

    def finish(self, value: ir.Value, name: str, label: str) -> None:
        """Name ``value`` as the tensor it stands for, and label the node that makes it, perhaps with others like it."""
        node = value.producer()
        assert node is not None
        node.metadata_props[LABEL] = label
        value.name = name

    def byte_size(self) -> int:
        """Exact bytes that the subgraph adds to the serialised graph."""
        graph = onnx.GraphProto()
        graph.node.extend(ir.to_proto(node) for node in self.nodes)
        for value in self.initializers:
            assert value.const_value is not None
            graph.initializer.append(ir.to_proto(value.const_value))
        graph.value_info.extend(ir.to_proto(value) for node in self.nodes for value in node.outputs if value.type)
        return int(graph.ByteSize())

    def _node(
        self, op_type: str, inputs: Sequence[ir.Value], attributes: dict[str, Any], outputs: int
    ) -> list[ir.Value]:
        values = [ir.Value(name=self._scope.name()) for _ in range(outputs)]
        self.nodes.append(ir.node(op_type, inputs, attributes, outputs=values, name=""))
        return values
