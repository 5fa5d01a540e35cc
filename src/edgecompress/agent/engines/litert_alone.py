"""A TFLite graph whose operators stand alone too: what LiteRT's operators are timed with.

The Python interface of LiteRT has no profiler, and a flatbuffer refers forward only. So new tables go in front of a
file's own bytes, which stay as they are: a model whose first subgraph is the file's, and after it one subgraph for each
operator. They share the file's tensors, weights and operators, so nothing but offsets is written, and one interpreter
holds them all, with one delegate and one set of threads. The layout of the tables is the published schema's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple, Union

from ..errors import NotOfferedError

Content = Union[bytes, "memoryview[int]"]

# Fields of the schema's tables by their place.
_MODEL_VERSION, _MODEL_CODES, _MODEL_GRAPHS, _MODEL_BUFFERS = 0, 1, 2, 4
_MODEL_SHARED = (_MODEL_CODES, _MODEL_BUFFERS, 5, 6)  # 5 and 6: metadata, where a file says that float16 may be used
_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 1, 2, 3
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 0, 1, 2
_TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_NAME, _TENSOR_VARIABLE = 1, 2, 3, 5
_BUFFER_DATA, _BUFFER_OFFSET = 0, 1
_CODE_OLD, _CODE = 0, 3

_NO_ARRAY = {5, 13, 14}  # types of tensors that no array holds: STRING, RESOURCE, VARIANT
_PAD = {34, 60}  # PAD, PADV2
_PADDED = {3, 4}  # CONV_2D, DEPTHWISE_CONV_2D: XNNPACK makes one operator of a padding and one of these
_ALIGNED = 64  # bytes: weights stay where they lay in a line of the cache


class Part(NamedTuple):
    """An operator that stands alone: by its place in the graph, with the places of what runs with it."""

    operators: tuple[int, ...]  # the last is the operator; before it a padding, where there is one
    inputs: tuple[int, ...]  # tensors that other parts or the graph's inputs give
    outputs: tuple[int, ...]
    name: str  # of its first output


def alone(content: Content) -> tuple[bytes, list[Part]]:
    """The bytes that go in front of a TFLite file, and what its subgraphs from the second on are.

    What is computed of constants alone, as decoding weights, is in each part that needs it.

    Raises:
        NotOfferedError: its graph has parts that cannot stand alone.
        struct.error, IndexError: it is no TFLite file.
    """
    file = _Tables(content)
    model = file.at(0)
    graphs = file.tables(model, _MODEL_GRAPHS)
    if len(graphs) != 1:
        raise NotOfferedError("its graph has branches or loops")
    graph = graphs[0]
    operators = file.tables(graph, _GRAPH_OPERATORS)
    reading = _Graph(file, model, graph, operators)
    found = [reading.part(place) for place in range(len(operators))]
    front = _Front()
    shared = {slot: file.reference(model, slot) for slot in _MODEL_SHARED}
    parts = [(part, decoding) for part, decoding in (each for each in found if each is not None)]
    tensors = file.reference(graph, _GRAPH_TENSORS)
    start = front.model(shared, 1 + len(parts))
    front.point(start, graph)
    for number, (part, decoding) in enumerate(parts, 1):
        chosen = [operators[place] for place in (*decoding, *part.operators)]
        front.graph(start + 4 * number, tensors, part, chosen)
    return front.bytes(), [part for part, _ in parts]


class _Graph:
    """The file's graph, operator by operator: what is constant, and what belongs together."""

    def __init__(self, file: _Tables, model: int, graph: int, operators: list[int]) -> None:
        self._file = file
        self._tensors = file.tables(graph, _GRAPH_TENSORS)
        self._takes = [_given(file.ints(each, _OPERATOR_INPUTS)) for each in operators]
        self._gives = [_given(file.ints(each, _OPERATOR_OUTPUTS)) for each in operators]
        codes = [
            max(file.number(each, _CODE_OLD, "b"), file.number(each, _CODE, "i"))
            for each in file.tables(model, _MODEL_CODES)
        ]
        self._kinds = [codes[file.number(each, _OPERATOR_CODE, "I")] for each in operators]
        self._readers: dict[int, list[int]] = {}
        for place, taken in enumerate(self._takes):
            for tensor in taken:
                self._readers.setdefault(tensor, []).append(place)
        self._ends = set(file.ints(graph, _GRAPH_OUTPUTS))
        buffers = file.tables(model, _MODEL_BUFFERS)
        self._constant = {number for number, each in enumerate(self._tensors) if self._is_constant(each, buffers)}
        # What nothing gives has no values, as the shape of a scalar.
        given = {tensor for gives in self._gives for tensor in gives}.union(file.ints(graph, _GRAPH_INPUTS))
        self._constant.update(
            number for number in range(len(self._tensors)) if number not in given and not self._is_variable(number)
        )
        self._decoded: dict[int, int] = {}  # tensor -> the operator that makes it of constants alone
        self._padded: dict[int, int] = {}  # tensor -> the padding that makes it, which runs with its reader

    def part(self, place: int) -> tuple[Part, list[int]] | None:
        """The operator alone and the operators that decode its constants; ``None``: it runs with others."""
        takes, gives = self._takes[place], self._gives[place]
        if takes and all(tensor in self._constant for tensor in takes):
            self._constant.update(gives)
            self._decoded.update(dict.fromkeys(gives, place))
            return None
        if self._is_fused_padding(place):
            self._padded[gives[0]] = place
            return None
        padding = [self._padded[tensor] for tensor in takes if tensor in self._padded]
        takes = [tensor for each in padding for tensor in self._takes[each]] + takes
        decoding: dict[int, None] = {}
        for tensor in takes:
            self._decode(tensor, decoding)
        moving = [
            tensor for tensor in dict.fromkeys(takes) if tensor not in self._constant and tensor not in self._padded
        ]
        inputs = [tensor for tensor in moving if not self._is_variable(tensor)]
        for tensor in (*inputs, *gives):
            if self._file.number(self._tensors[tensor], _TENSOR_TYPE, "b") in _NO_ARRAY:
                raise NotOfferedError("between its operators there are values that are no numbers")
        name = self._file.text(self._tensors[gives[0]], _TENSOR_NAME) if gives else ""
        return Part((*padding, place), tuple(inputs), tuple(gives), name), list(decoding)

    def _is_fused_padding(self, place: int) -> bool:
        readers = self._readers.get(self._gives[place][0], []) if len(self._gives[place]) == 1 else []
        return (
            self._kinds[place] in _PAD
            and len(readers) == 1
            and self._kinds[readers[0]] in _PADDED
            and not self._ends.intersection(self._gives[place])
        )

    def _decode(self, tensor: int, found: dict[int, None]) -> None:
        place = self._decoded.get(tensor)
        if place is not None and place not in found:
            for each in self._takes[place]:
                self._decode(each, found)
            found[place] = None

    def _is_constant(self, tensor: int, buffers: list[int]) -> bool:
        buffer = buffers[self._file.number(tensor, _TENSOR_BUFFER, "I")]
        if self._file.number(buffer, _BUFFER_OFFSET, "Q") > 1:
            raise NotOfferedError("its weights lie outside of its tables")  # their places count from the file's start
        return self._file.length(buffer, _BUFFER_DATA) > 0

    def _is_variable(self, tensor: int) -> bool:
        return self._file.number(self._tensors[tensor], _TENSOR_VARIABLE, "b") != 0


def _given(tensors: Iterable[int]) -> list[int]:
    """The tensors of a list in which -1 stands for one that is left out."""
    return [tensor for tensor in tensors if tensor >= 0]


class _Tables:
    """The tables of a flatbuffer, each by where it begins."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def at(self, place: int) -> int:
        """The place that the offset at ``place`` leads to."""
        return place + self._number("I", place)

    def reference(self, table: int, slot: int) -> int:
        """The place that a field refers to; 0: there is none."""
        place = self._field(table, slot)
        return self.at(place) if place else 0

    def number(self, table: int, slot: int, kind: str) -> int:
        """A number of a table; 0 where it is left out."""
        place = self._field(table, slot)
        return self._number(kind, place) if place else 0

    def length(self, table: int, slot: int) -> int:
        """The number of entries of a vector."""
        place = self.reference(table, slot)
        return self._number("I", place) if place else 0

    def ints(self, table: int, slot: int) -> list[int]:
        """A vector of whole numbers."""
        count = self.length(table, slot)
        return list(struct.unpack_from(f"<{count}i", self._content, self.reference(table, slot) + 4)) if count else []

    def tables(self, table: int, slot: int) -> list[int]:
        """A vector of tables."""
        start = self.reference(table, slot) + 4
        return [self.at(start + 4 * number) for number in range(self.length(table, slot))]

    def text(self, table: int, slot: int) -> str:
        """A string."""
        count, start = self.length(table, slot), self.reference(table, slot) + 4
        return bytes(self._content[start : start + count]).decode("utf-8", "replace") if count else ""

    def _field(self, table: int, slot: int) -> int:
        kinds = table - self._number("i", table)
        place = 4 + 2 * slot
        offset = self._number("H", kinds + place) if place < self._number("H", kinds) else 0
        return table + offset if offset else 0

    def _number(self, kind: str, place: int) -> int:
        number: int = struct.unpack_from(f"<{kind}", self._content, place)[0]
        return number


class _Front:
    """The bytes in front of a file: new tables, and references into the file, set when their length is known."""

    def __init__(self) -> None:
        self._bytes = bytearray(4) + b"TFL3"
        self._references: list[tuple[int, int]] = []

    def model(self, shared: dict[int, int], graphs: int) -> int:
        """Write the model with a vector of subgraphs; return where its first entry is."""
        slots = [_MODEL_VERSION, _MODEL_GRAPHS, *(slot for slot, place in shared.items() if place)]
        places = self._table(slots)
        struct.pack_into("<I", self._bytes, 0, self._start)
        struct.pack_into("<I", self._bytes, places[_MODEL_VERSION], 3)
        for slot, place in shared.items():
            if place:
                self.point(places[slot], place)
        self._refer(places[_MODEL_GRAPHS])
        self._bytes += struct.pack("<I", graphs) + bytes(4 * graphs)
        return len(self._bytes) - 4 * graphs

    def graph(self, entry: int, tensors: int, part: Part, operators: list[int]) -> None:
        """Write a subgraph that the vector's ``entry`` refers to."""
        places = self._table([_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS])
        struct.pack_into("<I", self._bytes, entry, self._start - entry)
        self.point(places[_GRAPH_TENSORS], tensors)
        for slot, numbers in ((_GRAPH_INPUTS, part.inputs), (_GRAPH_OUTPUTS, part.outputs)):
            self._refer(places[slot])
            self._bytes += struct.pack(f"<I{len(numbers)}i", len(numbers), *numbers)
        self._refer(places[_GRAPH_OPERATORS])
        self._bytes += struct.pack("<I", len(operators))
        for each in operators:
            self.point(len(self._bytes), each)
            self._bytes += bytes(4)

    def point(self, place: int, target: int) -> None:
        """Have the offset at ``place`` lead to ``target`` in the file."""
        self._references.append((place, target))

    def bytes(self) -> bytes:
        """The whole, as long as a multiple of 64: what is aligned in the file stays so."""
        self._bytes += bytes(-len(self._bytes) % _ALIGNED)
        for place, target in self._references:
            struct.pack_into("<I", self._bytes, place, len(self._bytes) + target - place)
        return bytes(self._bytes)

    def _table(self, slots: list[int]) -> dict[int, int]:
        """Write a table of 4-byte fields, all zero; return where each is."""
        offsets = {slot: 4 + 4 * number for number, slot in enumerate(slots)}
        count = max(slots) + 1
        kinds = len(self._bytes)
        self._bytes += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(slots))
        self._bytes += b"".join(struct.pack("<H", offsets.get(slot, 0)) for slot in range(count))
        self._bytes += bytes(-len(self._bytes) % 4)
        self._start = len(self._bytes)
        self._bytes += struct.pack("<i", self._start - kinds) + bytes(4 * len(slots))
        return {slot: self._start + offset for slot, offset in offsets.items()}

    def _refer(self, place: int) -> None:
        """Have the offset at ``place`` lead to what is written next."""
        struct.pack_into("<I", self._bytes, place, len(self._bytes) - place)
