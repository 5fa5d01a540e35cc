"""The arrays of an ONNX file: where the bytes of every tensor lie, in the file itself or beside it.

Field numbers are those of onnx.proto. Tensors are found wherever they are: initialisers, sparse initialisers,
attributes of nodes, bodies of control flow, functions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from onnx import TensorProto

from edgecompress.formats.ecz.found import Extent, FoundArray, channels_of
from edgecompress.formats.onnx.protobuf import BYTES, Data, Field, fields, varints

_MODEL = {7: "graph", 25: "function"}
_GRAPH = {1: "node", 5: "tensor", 15: "sparse"}
_FUNCTION = {7: "node", 11: "attribute"}
_NODE = {5: "attribute"}
_ATTRIBUTE = {5: "tensor", 10: "tensor", 6: "graph", 11: "graph", 22: "sparse", 23: "sparse"}
_SPARSE = {1: "tensor", 2: "tensor"}
_INSIDE = {
    "model": _MODEL,
    "graph": _GRAPH,
    "function": _FUNCTION,
    "node": _NODE,
    "attribute": _ATTRIBUTE,
    "sparse": _SPARSE,
}
_WIDTHS = {
    **dict.fromkeys(("FLOAT", "INT32", "UINT32", "COMPLEX64"), 32),
    **dict.fromkeys(("DOUBLE", "INT64", "UINT64", "COMPLEX128"), 64),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 16),
}
_DEPTH = 100


@dataclass
class Arrays:
    """The arrays in the model file, and those in each file of external data, by its location."""

    inside: list[FoundArray] = field(default_factory=list)
    external: dict[str, list[FoundArray]] = field(default_factory=dict)


def find(data: Data) -> Arrays:
    """The arrays of the ONNX model in ``data``.

    Raises:
        ValueError: this is no ONNX model.
    """
    arrays = Arrays()
    if not any(each.number == 7 and each.wire == BYTES for each in fields(data, 0, len(data))):
        raise ValueError("it has no graph")
    for tensor in _tensors(data, "model", 0, len(data), 0):
        _locate(data, tensor, arrays)
    return arrays


def _tensors(data: Data, kind: str, start: int, stop: int, depth: int) -> Iterator[Field]:
    """The tensors in a message and in the messages in it."""
    if depth > _DEPTH:
        raise ValueError("its graphs are nested too deep")
    for each in fields(data, start, stop):
        inner = _INSIDE[kind].get(each.number)
        if inner is None or each.wire != BYTES:
            continue
        if inner == "tensor":
            yield each
        else:
            yield from _tensors(data, inner, each.start, each.stop, depth + 1)


def _locate(data: Data, tensor: Field, arrays: Arrays) -> None:
    """Add the array of one tensor: raw_data, packed float_data or double_data, or external data."""
    shape: list[int] = []
    kind, raw, external = 0, None, {}
    width = 0
    for each in fields(data, tensor.start, tensor.stop):
        if each.number == 1:
            shape += varints(data, each)
        elif each.number == 2:
            kind = each.value
        elif each.wire != BYTES:
            continue
        elif each.number in (4, 9, 10):
            raw, width = each, {4: 32, 9: 0, 10: 64}[each.number]
        elif each.number == 13:
            key, value = _entry(data, each)
            external[key] = value
    name = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else ""
    width = width or _WIDTHS.get(name, 8)
    channels = channels_of(tuple(shape))
    floating = name in ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE")
    if "location" in external:
        at, length = _whole(external.get("offset", "0")), _whole(external.get("length", "-1"))
        known = arrays.external.setdefault(external["location"], [])
        if at >= 0 and length > 0:
            known.append(FoundArray(Extent(at, width, length * 8 // width), floating, channels))
    elif raw is not None:
        extent = Extent(raw.start, width, (raw.stop - raw.start) * 8 // width)
        arrays.inside.append(FoundArray(extent, floating, channels))


def _entry(data: Data, entry: Field) -> tuple[str, str]:
    texts = {1: "", 2: ""}
    for each in fields(data, entry.start, entry.stop):
        texts[each.number] = bytes(data[at] for at in range(each.start, each.stop)).decode("utf-8", "replace")
    return texts[1], texts[2]


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,18}", text) else -1
