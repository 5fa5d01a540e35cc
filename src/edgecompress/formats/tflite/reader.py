"""The constant tensors of any .tflite file, whoever wrote it, read without trust in what the file says of itself.

A flatbuffer is a web of offsets, and its Python accessors follow them unchecked: a damaged file shows as whatever
exception the first wrong number leads to. All of that is contained here, and nothing is allocated by a size that the
file merely claims: dense data is as long as the bytes it lies in, and expansion of sparse data has a budget.
"""

import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from edgecompress.encode import chunks
from edgecompress.errors import InputError
from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.decoders import chains, coded, counted
from edgecompress.formats.tflite.graph import Array, FloatArray
from edgecompress.formats.tflite.mapped import Data, forget, mapped
from edgecompress.formats.tflite.micro import decode
from edgecompress.formats.tflite.numbers import numbers, vector
from edgecompress.formats.tflite.schema import schema

# Sparse tensors may expand to so many elements a file (1 GiB of float32), more than any model for a small board has.
_EXPANDED_ELEMENTS = 1 << 28

_NOT_NUMBERS = {"STRING", "RESOURCE", "VARIANT", "COMPLEX64", "COMPLEX128"}


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant tensor: ``array`` as a runtime expands it, and the ``bytes`` of its buffer, indices and scales.

    ``array`` is float32 for float16, bfloat16, and quantised integers that a DEQUANTIZE follows; int8 for other int4
    and int2; else of the stored type.
    ``decoders`` counts the DENSIFY and DEQUANTIZE operators that only serve it; ``is_weight`` is False for shapes,
    axes and other integers that have no quantisation; ``is_exact`` is False where a zero point leaves it to the runtime
    how ``array`` is rounded. ``subgraph`` and ``index`` are the tensor's place in the file. ``form`` is that of what a
    DECODE of TensorFlow Lite Micro makes, as which the constant counts here; empty: none makes it.
    """

    subgraph: int
    index: int
    name: str
    type: str
    sparse: bool
    array: Array
    bytes: int
    decoders: int
    is_weight: bool
    is_exact: bool = True
    form: str = ""

    @property
    def encoding(self) -> str:
        """The form in which the file holds it: float32, float16, csr-float16, int8, huffman-int8, ..."""
        if self.form:
            return f"{self.form}-{self.type}"
        return f"csr-{self.type}" if self.sparse else self.type


def read(path: Path) -> bytes:
    """The bytes of a .tflite file.

    Raises:
        InputError: it cannot be read, or does not have the file identifier TFL3.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    _check_identifier(data, path)
    return data


@contextmanager
def opened(path: Path) -> Iterator[Data]:
    """The bytes of a .tflite file that nobody writes meanwhile; they take memory only while they are read.

    Raises:
        InputError: as ``read``.
    """
    with ExitStack() as stack:
        try:
            data: Data = stack.enter_context(mapped(stack.enter_context(path.open("rb"))))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from error
        except ValueError:  # there is nothing to map in an empty file
            data = b""
        _check_identifier(data, path)
        yield data


def _check_identifier(data: Data, path: Path) -> None:
    if data[4:8] != b"TFL3":
        raise InputError(f"{path} is not a TFLite file: it does not have the identifier TFL3")


def constants(data: Data, where: str) -> Iterator[Constant]:
    """The constant tensors of a TFLite file, in file order; tensors of text and of complex numbers are left out.

    ``where`` names the file in an error. One array is made at a time; of a mapped file, its pages leave memory when the
    next one is asked for.

    Raises:
        InputError: the file is damaged, or uses a tensor type that this version does not know.
    """
    try:
        yield from _Parser(data).constants()
    except (struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise InputError(f"{where} is a damaged TFLite file ({error}); make or fetch it again") from error


class _Parser:
    """Walks the tables of one file."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._schema: Any = schema()
        self._model = self._schema.Model.GetRootAs(data)
        self._budget = _EXPANDED_ELEMENTS
        self._seen: set[int] = set()
        self._vectors: set[int] = set()
        kinds = vars(self._schema.TensorType).items()
        self._types = {number: name for name, number in kinds if isinstance(number, int)}

    def constants(self) -> Iterator[Constant]:
        """Every constant tensor of every subgraph."""
        for number in range(counted(self._model.SubgraphsLength(), self._data)):
            subgraph = self._model.Subgraphs(number)
            given_by = (self._model, subgraph, self._data)
            decoders, of_micro = chains(*given_by), coded(*given_by)
            tables = {table for made in of_micro.values() for table, _ in made}
            for index in range(counted(subgraph.TensorsLength(), self._data)):
                tensor = subgraph.Tensors(index)
                if index in of_micro:
                    yield self._decoded((number, index), subgraph, of_micro[index])
                    continue
                if index in tables:
                    continue
                chain = decoders.get(index, ())
                # DENSIFY reads no scales: those count that the tensor has which DEQUANTIZE reads.
                given = next((place for place, name in chain if name == "DEQUANTIZE"), index)
                if not 0 <= given < subgraph.TensorsLength():
                    raise ValueError("an operator names a tensor that is not there")
                quantization = subgraph.Tensors(given).Quantization()
                constant = self._constant((number, index), tensor, quantization, tuple(name for _, name in chain))
                if constant is not None:
                    yield constant
                    forget(self._data)

    def _constant(
        self, place: tuple[int, int], tensor: Any, quantization: Any, decoders: tuple[str, ...]
    ) -> Constant | None:
        payload = self._payload(tensor.Buffer())
        if payload is None:
            return None
        kind = self._types.get(tensor.Type())
        if kind in _NOT_NUMBERS:
            return None
        if kind is None:
            raise ValueError(f"tensor type {tensor.Type()} is unknown")
        shape = tuple(int(size) for size in vector(tensor.ShapeAsNumpy()))
        if any(size < 0 for size in shape):
            raise ValueError("a constant tensor has a negative size")
        sparsity = tensor.Sparsity()
        # What several tensors share is in the file once.
        stored, metadata = 0 if tensor.Buffer() in self._seen else len(payload), 0
        self._seen.add(tensor.Buffer())
        if sparsity is None:
            array = numbers(payload, kind, prod(shape)).reshape(shape)
        else:
            array, metadata = self._expanded(sparsity, shape, payload, kind)
        quantized, exact = quantization is not None and not quantization.ScaleIsNone(), True
        if quantized:
            vectors = [vector(quantization.ScaleAsNumpy()), vector(quantization.ZeroPointAsNumpy())]
            metadata += sum(each.nbytes for each in vectors if self._is_new(each))
        if quantized and "DEQUANTIZE" in decoders and array.dtype.kind in "iu":
            array = self._dequantized(array, quantization)
            exact = not np.any(vector(quantization.ZeroPointAsNumpy()))
        name = tensor.Name() or b""
        return Constant(
            *place,
            name=name.decode("utf-8", "replace"),
            type=kind.lower(),
            sparse=sparsity is not None,
            array=self._single(array) if kind == "FLOAT16" else array,
            bytes=stored + metadata,
            decoders=len(decoders),
            is_weight=quantized or kind not in ("INT32", "INT64", "BOOL"),
            is_exact=exact,
        )

    def _decoded(self, place: tuple[int, int], subgraph: Any, made: list[tuple[int, int]]) -> Constant:
        """The constant that DECODE makes of a coded tensor, under that one's name; ``made``: its tables and results."""
        tensor, (table, result) = subgraph.Tensors(place[1]), made[0]
        weights = subgraph.Tensors(result)
        kind, shape = self._types[weights.Type()], tuple(int(size) for size in vector(weights.ShapeAsNumpy()))
        codes, tables = self._payload(tensor.Buffer()), self._payload(subgraph.Tensors(table).Buffer())
        if codes is None or tables is None:
            raise ValueError("a DECODE operator reads what is no constant")
        self._spend(shape)
        quantization = weights.Quantization()
        scales = np.zeros(0) if quantization is None else vector(quantization.ScaleAsNumpy())
        last = len(scales) > 1 and quantization.QuantizedDimension() == len(shape) - 1
        dtype = np.dtype(kind.lower()).newbyteorder("<")
        array = decode.decoded(codes, tables, shape, dtype, decode.WeightChannels(max(1, len(scales)), last))
        return Constant(
            *place,
            name=(tensor.Name() or b"").decode("utf-8", "replace"),
            type=kind.lower(),
            sparse=False,
            array=array,
            bytes=codes.nbytes + tables.nbytes + scales.nbytes,
            decoders=len(made),
            is_weight=True,
            form=decode.form(tables),
        )

    def _is_new(self, vector: Array) -> bool:
        """Return whether no tensor has had this vector of the file yet: equal ones may be there once."""
        known, place = len(self._vectors), vector.__array_interface__["data"][0]
        self._vectors.add(place)
        return len(self._vectors) > known

    def _single(self, array: Array) -> FloatArray:
        """float32 of float16."""
        single = np.empty(array.shape, np.float32)
        for place in chunks.places(array.shape):
            single[place] = array[place]
            forget(self._data)
        return single

    def _dequantized(self, array: Array, quantization: Any) -> FloatArray:
        """float32 of quantised integers, with one scale and zero point or one for each channel."""
        scales = vector(quantization.ScaleAsNumpy()).astype(np.float32)
        zeros = np.zeros(1)
        if quantization.ZeroPointLength():
            zeros = vector(quantization.ZeroPointAsNumpy()).astype(np.float32)
        shape = [1] * array.ndim
        if len(scales) > 1:
            shape[quantization.QuantizedDimension()] = -1
            scales, zeros = scales.reshape(shape), np.broadcast_to(zeros, scales.shape).reshape(shape)
        if np.broadcast_shapes(array.shape, zeros.shape, scales.shape) != array.shape:
            raise ValueError("its scales do not fit its shape")
        scales, zeros = np.broadcast_to(scales, array.shape), np.broadcast_to(zeros, array.shape)
        decoded = np.empty(array.shape, np.float32)
        for place in chunks.places(array.shape):
            with np.errstate(all="ignore"):  # a damaged file may hold any scale
                decoded[place] = (array[place] - zeros[place]) * scales[place]
            forget(self._data)
        return decoded

    def _payload(self, number: int) -> Array | None:
        """The bytes of a buffer; None where it is empty, which marks a tensor that is computed."""
        if not 0 <= number < self._model.BuffersLength():
            raise ValueError("a tensor names a buffer that is not there")
        buffer = self._model.Buffers(number)
        if buffer.Offset() > 1:  # data behind the flatbuffer, as in files beyond 2 GiB
            start, stop = buffer.Offset(), buffer.Offset() + buffer.Size()
            if stop > len(self._data):
                raise ValueError("a buffer ends behind the file")
            return np.frombuffer(self._data, np.uint8, buffer.Size(), start)
        return None if buffer.DataLength() == 0 else vector(buffer.DataAsNumpy())

    def _expanded(self, sparsity: Any, shape: tuple[int, ...], payload: Array, kind: str) -> tuple[Array, int]:
        """A sparse tensor's array, and the bytes of its segments and indices."""
        self._spend(shape)
        levels: list[int | tuple[Array, Array]] = []
        metadata = 0
        for index in range(counted(sparsity.DimMetadataLength(), self._data)):
            dimension = sparsity.DimMetadata(index)
            if dimension.Format() == self._schema.DimensionType.DENSE:
                levels.append(int(dimension.DenseSize()))
                continue
            segments = self._index_vector(dimension.ArraySegmentsType(), dimension.ArraySegments())
            indices = self._index_vector(dimension.ArrayIndicesType(), dimension.ArrayIndices())
            levels.append((segments, indices))
            metadata += segments.nbytes + indices.nbytes
        traversal = tuple(int(dimension) for dimension in vector(sparsity.TraversalOrderAsNumpy()))
        block_map = () if sparsity.BlockMapIsNone() else tuple(int(d) for d in vector(sparsity.BlockMapAsNumpy()))
        values = numbers(payload, kind, None)
        return csr.expand(shape, traversal, block_map, levels, values), metadata

    def _spend(self, shape: tuple[int, ...]) -> None:
        """Take the elements of an expanded tensor from what a file may have of them."""
        self._budget -= prod(shape)
        if self._budget < 0 or min(shape, default=0) < 0:
            raise ValueError("its sparse tensors claim to expand to more than 1 GiB")

    def _index_vector(self, kind: int, table: Any) -> Array:
        """The numbers of a vector whose type the file chooses."""
        s = self._schema
        names = {getattr(s.SparseIndexVector, name): name for name in ("Int32Vector", "Uint16Vector", "Uint8Vector")}
        found = getattr(s, names[kind])()
        found.Init(table.Bytes, table.Pos)
        return vector(found.ValuesAsNumpy())
