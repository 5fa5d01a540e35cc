"""An ONNX model without the data of its large weights, which stay in the file until they are asked for.

A protobuf message holds all of a model, and the bytes that it is parsed from hold it a second time. What is parsed here
is the file without the data of its large weights. Field numbers are those of onnx.proto.
"""

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir

from edgecompress.errors import InputError
from edgecompress.formats.onnx.protobuf import BYTES, Data, Field, fields, head, varints

Array = npt.NDArray[np.generic]

LARGE = 2**20
"""Bytes from which a weight stays in the file. What is smaller costs more to look up than to hold."""

GRAPH, INITIALIZER, NAME, RAW = 7, 5, 8, 9
"""Fields: of a model, of its graph, and two of a tensor."""

_DIMS, _TYPE, _TEXT = 1, 2, 12
TYPES: dict[int, np.dtype[np.generic]] = {
    onnx.TensorProto.FLOAT: np.dtype("<f4"),
    onnx.TensorProto.FLOAT16: np.dtype("<f2"),
    onnx.TensorProto.DOUBLE: np.dtype("<f8"),
    onnx.TensorProto.INT8: np.dtype("i1"),
    onnx.TensorProto.UINT8: np.dtype("u1"),
    onnx.TensorProto.INT32: np.dtype("<i4"),
    onnx.TensorProto.INT64: np.dtype("<i8"),
}
"""How the data of a tensor lie in the file, by its type."""


@dataclass(frozen=True)
class DataPlace:
    """The place of a weight's array in a file."""

    start: int
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Lean:
    """A model whose large initialisers have no data.

    Whatever reads these raises an ``InputError`` if the file was changed or removed since.

    Attributes:
        proto: the model; a large initialiser has only its name, type and shape.
        path: the file that it was read from.
        places: where the data of each large initialiser are, by its name.
    """

    proto: onnx.ModelProto
    path: Path
    places: Mapping[str, DataPlace] = field(default_factory=dict)

    def array(self, tensor: onnx.TensorProto) -> Array:
        """The array of an initialiser of the model."""
        if tensor.name in self.places:
            return self._read(tensor.name)
        try:
            found: Array = onnx.numpy_helper.to_array(tensor)
        except Exception as error:  # of many kinds, for the many ways in which a type, a shape and data do not fit
            raise InputError(f"{self.path} is damaged: the tensor {tensor.name!r} cannot be read") from error
        return found

    def whole(self, tensor: onnx.TensorProto) -> onnx.TensorProto:
        """An initialiser of the model, with its data."""
        if tensor.name not in self.places:
            return tensor
        return onnx.numpy_helper.from_array(self._read(tensor.name), tensor.name)

    def filled(self) -> onnx.ModelProto:
        """The model with all data."""
        proto = onnx.ModelProto()
        proto.CopyFrom(self.proto)
        for tensor in proto.graph.initializer:
            if tensor.name in self.places:
                tensor.raw_data = self._read(tensor.name).tobytes()
        return proto

    def lazy(self, name: str) -> ir.LazyTensor:
        """A large initialiser as a tensor of a graph; the file is read each time that its data are looked at."""
        place = self.places[name]
        dtype = ir.DataType.from_numpy(place.dtype.newbyteorder("="))
        return ir.LazyTensor(lambda: ir.Tensor(self._read(name), name=name), dtype, ir.Shape(place.shape), name=name)

    def _read(self, name: str) -> Array:
        place = self.places[name]
        try:
            array: Array = np.fromfile(self.path, place.dtype, prod(place.shape), offset=place.start)
        except OSError as error:
            raise InputError(f"cannot read {self.path} again: {error.strerror or error}") from error
        if array.size != prod(place.shape):
            raise InputError(f"{self.path} became shorter while it was read; give a file that nobody writes")
        return array.reshape(place.shape).astype(place.dtype.newbyteorder("="), copy=False)


def read(path: Path) -> Lean:
    """The model in the file, without the data of its large initialisers.

    Raises:
        OSError: the file cannot be read.
        google.protobuf.message.DecodeError: it is no ONNX model.
    """
    try:
        content, places = _without_large(path)
    except ValueError:  # it is damaged, or written as only few write it; protobuf says what is wrong, or understands it
        return Lean(onnx.load_model_from_string(path.read_bytes()), path)
    return Lean(onnx.load_model_from_string(content), path, places)


def _without_large(path: Path) -> tuple[bytes, dict[str, DataPlace]]:
    """The message in a file without the data of large initialisers, and where these are.

    Raises:
        ValueError: it is no message with one graph.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        (graph,) = (each for each in fields(data, 0, len(data)) if each.number == GRAPH and each.wire == BYTES)
        places: dict[str, DataPlace] = {}
        kept: list[bytes] = []
        for each in fields(data, graph.start, graph.stop):
            found = _large(data, each) if each.number == INITIALIZER else None
            if found is None:
                kept.append(data[each.begin : each.stop])
                continue
            name, place, raw = found
            if name in places:
                raise ValueError("two initialisers have one name")
            places[name] = place
            tensor = data[each.start : raw.begin] + data[raw.stop : each.stop]
            kept.append(head(INITIALIZER, len(tensor)) + tensor)
        inside = b"".join(kept)
        return data[: graph.begin] + head(GRAPH, len(inside)) + inside + data[graph.stop :], places


def _large(data: Data, tensor: Field) -> tuple[str, DataPlace, Field] | None:
    """The name of an initialiser whose data can stay in the file, where its array is, and the field with its data."""
    if tensor.wire != BYTES or tensor.stop - tensor.start < LARGE:
        return None
    found: dict[int, Field] = {}
    shape: list[int] = []
    for each in fields(data, tensor.start, tensor.stop):
        if each.number == _DIMS:
            shape += varints(data, each)
        found[each.number] = each
    raw, kind = found.get(RAW), found.get(_TYPE)
    dtype = TYPES.get(kind.value) if kind else None
    # Anything else that says where data are is for others to read.
    if raw is None or dtype is None or NAME not in found or found.keys() - {_DIMS, _TYPE, NAME, RAW, _TEXT}:
        return None
    if prod(shape) * dtype.itemsize != raw.stop - raw.start:
        return None
    return text(data, found[NAME]), DataPlace(raw.start, dtype, tuple(shape)), raw


def text(data: Data, each: Field) -> str:
    """The text in a field."""
    return bytes(data[at] for at in range(each.start, each.stop)).decode()
