"""The arrays of a .tflite file: where the bytes of its buffers and of its sparse tensors' index vectors lie."""

import mmap
import struct
from math import prod
from typing import Any

import numpy as np

from edgecompress.agent.ecz.limits import PART_NUMBERS
from edgecompress.formats.ecz.found import Extent, Found, FoundArray, FoundCsr, channels_of
from edgecompress.formats.ecz.values import Channels
from edgecompress.formats.tflite.schema import schema

_WIDTHS = {
    **dict.fromkeys(("FLOAT32", "INT32", "UINT32", "COMPLEX64"), 32),
    **dict.fromkeys(("FLOAT64", "INT64", "UINT64", "COMPLEX128"), 64),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 16),
}
_FLOATING = ("FLOAT16", "FLOAT32", "FLOAT64", "BFLOAT16")


def find(data: bytes | mmap.mmap) -> list[Found]:
    """The arrays of the TFLite model in ``data``, each once.

    Raises:
        ValueError: this is no TFLite model, or a damaged one.
    """
    try:
        return _Finder(data).find()
    except (struct.error, ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from error


class _Finder:
    """Walks the tensors of one file."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._base = _address(np.frombuffer(data, np.uint8))
        self._schema: Any = schema()
        self._model = self._schema.Model.GetRootAs(data)
        kinds = vars(self._schema.TensorType).items()
        self._types = {number: name for name, number in kinds if isinstance(number, int)}

    def find(self) -> list[Found]:
        found: dict[int, Found] = {}
        for number in range(self._count(self._model.SubgraphsLength())):
            subgraph = self._model.Subgraphs(number)
            for index in range(self._count(subgraph.TensorsLength())):
                for each in self._tensor(subgraph.Tensors(index)):
                    extent = each.extent if isinstance(each, FoundArray) else each.values
                    found.setdefault(extent.at, each)
        return list(found.values())

    def _count(self, length: int) -> int:
        """The length of a vector of tables, which takes 4 bytes an entry at least."""
        if length > len(self._data) // 4:
            raise ValueError("a vector is longer than the file")
        return length

    def _tensor(self, tensor: Any) -> list[Found]:
        payload = self._payload(tensor.Buffer())
        if payload is None:
            return []
        kind = self._types.get(tensor.Type(), "")
        width = _WIDTHS.get(kind, 8)
        values = Extent(payload.at, width, payload.count * 8 // width)
        shape = tuple(int(size) for size in _vector(tensor.ShapeAsNumpy()))
        if tensor.Sparsity() is None:
            return [FoundArray(values, kind in _FLOATING, channels_of(shape))]
        return self._sparse(tensor.Sparsity(), shape, values, kind in _FLOATING)

    def _payload(self, number: int) -> Extent | None:
        """The bytes of a buffer, None where it is empty."""
        buffer = self._model.Buffers(number)
        if buffer.Offset() > 1:  # data behind the flatbuffer, as in files beyond 2 GiB
            extent = Extent(buffer.Offset(), 8, buffer.Size())
        elif buffer.DataLength():
            extent = self._extent(buffer.DataAsNumpy())
        else:
            return None
        if extent.at + extent.bytes > len(self._data):
            raise ValueError("a buffer ends behind the file")
        return extent

    def _extent(self, view: Any) -> Extent:
        return Extent(_address(view) - self._base, 8 * view.itemsize, view.size)

    def _sparse(self, sparsity: Any, shape: tuple[int, ...], values: Extent, floating: bool) -> list[Found]:
        """The three arrays as one, where one dimension is sparse and walked last; else each on its own."""
        order = [int(dimension) for dimension in _vector(sparsity.TraversalOrderAsNumpy())]
        vectors = []
        for index in range(self._count(sparsity.DimMetadataLength())):
            dimension = sparsity.DimMetadata(index)
            if dimension.Format() != self._schema.DimensionType.DENSE:
                segments = self._indices(dimension.ArraySegmentsType(), dimension.ArraySegments())
                vectors.append((index, segments, self._indices(dimension.ArrayIndicesType(), dimension.ArrayIndices())))
        rows = sorted(order) == list(range(len(shape))) and len(vectors) == 1 and vectors[0][0] == len(shape) - 1
        if not rows or not _is_rising(vectors[0][1], vectors[0][2], values.count, [shape[place] for place in order]):
            flat = [self._extent(array) for _, *pair in vectors for array in pair if array.size]
            return [*(FoundArray(extent, False, ()) for extent in flat), FoundArray(values, floating, ())]
        ((_, segments, indices),) = vectors
        walked = [shape[dimension] for dimension in order]
        channels = tuple(
            Channels(prod(walked[place + 1 :]), walked[place])
            for place in (order.index(0), order.index(len(shape) - 1))
        )
        ends = self._extent(segments[1:])
        return [FoundCsr(ends, self._extent(indices), values, walked[-1], channels)]

    def _indices(self, kind: int, table: Any) -> Any:
        """The numbers of a vector whose type the file chooses."""
        s = self._schema
        names = {getattr(s.SparseIndexVector, name): name for name in ("Int32Vector", "Uint16Vector", "Uint8Vector")}
        vector = getattr(s, names[kind])()
        vector.Init(table.Bytes, table.Pos)
        return _vector(vector.ValuesAsNumpy())


def _is_rising(segments: Any, indices: Any, count: int, walked: list[int]) -> bool:
    """Return whether these are rows of ``count`` rising indices in all, none beyond what a reader decodes at a time."""
    rows, row = prod(walked[:-1]), walked[-1]
    ends = segments.astype(np.int64)
    if not rows or len(ends) != rows + 1 or ends[0] != 0 or ends[-1] != count or len(indices) != count:
        return False
    held = np.diff(ends)
    if not count or held.min() < 0 or held.max() > PART_NUMBERS:
        return False
    places = np.repeat(np.arange(rows) * row, held) + indices
    return 0 <= int(indices.min()) <= int(indices.max()) < row and bool((np.diff(places) > 0).all())


def _address(view: Any) -> int:
    return int(view.__array_interface__["data"][0])


def _vector(found: Any) -> Any:
    """A vector that the accessors return as an array, or as 0 where it is absent."""
    return found if isinstance(found, np.ndarray) else np.zeros(0, np.uint8)
