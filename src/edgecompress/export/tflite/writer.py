"""A :class:`Graph` as the bytes of a TFLite file (flatbuffer, identifier TFL3, schema version 3)."""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgecompress.errors import InputError
from edgecompress.export.tflite import csr
from edgecompress.export.tflite.graph import Array, Graph, Operator, Tensor
from edgecompress.export.tflite.schema import schema
from edgecompress.export.tflite.weights import Stored

# Runtimes map the file into memory and compute on the weights where they lie, so buffers start at SIMD addresses.
_ALIGNMENT = 16
# Offsets in a flatbuffer are 31 bits.
_LARGEST_FILE = 2**31 - 1

_OPTIONS = {
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONV_2D": "Conv2DOptions",
    "DENSIFY": "DensifyOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MUL": "MulOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "RELU": None,
    "RELU6": None,
    "RESHAPE": "ReshapeOptions",
    "SOFTMAX": "SoftmaxOptions",
    "TRANSPOSE": "TransposeOptions",
}
# DEQUANTIZE of float16 is version 3; DENSIFY has one version.
_DEQUANTIZE_VERSION = 3


def serialize(graph: Graph, forms: Mapping[Tensor, Stored]) -> bytes:
    """The file of ``graph``; the same graph gives the same bytes.

    ``forms`` says how to store constants; one that is not in it is stored plain. The inputs and outputs carry their
    names in the signature ``serving_default`` too.

    Raises:
        InputError: the file would be larger than a flatbuffer can be.
    """
    writer = _Writer()
    for tensor in (*graph.inputs, *graph.outputs):  # first, so that no other tensor takes their names
        writer.tensor(tensor)
    for operator in graph.operators:
        writer.operator(operator, forms)
    return writer.finish(graph)


class _Writer:
    """The tables of the file, filled in execution order."""

    def __init__(self) -> None:
        self._schema: Any = schema()
        self._codes: dict[tuple[str, int], int] = {}
        self._buffers: list[Array] = [np.zeros(0, np.uint8)]  # buffer 0 is the one of tensors without data
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._index: dict[Tensor, int] = {}
        self._names: set[str] = set()

    def tensor(self, tensor: Tensor) -> int:
        """The index of an activation or a plain constant."""
        if tensor not in self._index:
            self._index[tensor] = self._add(tensor.name, tensor.shape, None if tensor.data is None else tensor.data)
        return self._index[tensor]

    def operator(self, operator: Operator, forms: Mapping[Tensor, Stored]) -> None:
        """Add an operator, and before it those that decode its weights."""
        for tensor in operator.inputs:
            if tensor in forms and tensor not in self._index:
                self._index[tensor] = self._decoded(tensor, forms[tensor])
        inputs = [self.tensor(tensor) for tensor in operator.inputs]
        self._emit(operator.code, inputs, self.tensor(operator.output), operator.options, operator.version)

    def finish(self, graph: Graph) -> bytes:
        """The flatbuffer."""
        s = self._schema
        subgraph = s.SubGraphT(
            tensors=self._tensors,
            inputs=[self.tensor(tensor) for tensor in graph.inputs],
            outputs=[self.tensor(tensor) for tensor in graph.outputs],
            operators=self._operators,
            name="main",
        )
        signature = s.SignatureDefT(
            inputs=[s.TensorMapT(tensor.name, self.tensor(tensor)) for tensor in graph.inputs],
            outputs=[s.TensorMapT(tensor.name, self.tensor(tensor)) for tensor in graph.outputs],
            signatureKey="serving_default",
        )
        model = s.ModelT(
            version=3,
            operatorCodes=[self._operator_code(code, version) for code, version in self._codes],
            subgraphs=[subgraph],
            description="edgecompress",
            buffers=[_buffer(s, data) for data in self._buffers],
            signatureDefs=[signature],
        )
        total = sum(data.nbytes for data in self._buffers)
        if total > _LARGEST_FILE - (1 << 20):
            raise InputError(
                f"the TFLite file would be {total} bytes; the format ends at 2 GiB: make the model smaller"
            )
        builder = importlib.import_module("flatbuffers").Builder(total + (1 << 16))
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _add(self, name: str, shape: tuple[int, ...], data: Array | csr.Csr | None) -> int:
        """Add a tensor under a name no other has; ``data`` is None for one that is computed."""
        values = data.values if isinstance(data, csr.Csr) else data
        dtype = "float32" if values is None else values.dtype.name
        buffer = 0
        if values is not None:
            self._buffers.append(values)
            buffer = len(self._buffers) - 1
        self._tensors.append(
            self._schema.TensorT(
                shape=list(shape),
                type=getattr(self._schema.TensorType, dtype.upper()),
                buffer=buffer,
                name=self._unique(name),
                sparsity=self._sparsity(data) if isinstance(data, csr.Csr) else None,
            )
        )
        return len(self._tensors) - 1

    def _decoded(self, tensor: Tensor, stored: Stored) -> int:
        """Add a constant as it is stored and the operators that make float32 of it; the index of the float32 tensor."""
        index = self._add(tensor.name, tensor.shape, stored.array)
        half = np.dtype(np.float16)
        values = stored.array.values if isinstance(stored.array, csr.Csr) else stored.array
        if isinstance(stored.array, csr.Csr):
            dense = self._add(f"{tensor.name}/dense", tensor.shape, None)
            self._tensors[dense].type = self._tensors[index].type
            self._emit("DENSIFY", [index], dense, {}, 1)
            index = dense
        if values.dtype == half:
            single = self._add(f"{tensor.name}/float32", tensor.shape, None)
            self._emit("DEQUANTIZE", [index], single, {}, _DEQUANTIZE_VERSION)
            index = single
        return index

    def _emit(self, code: str, inputs: list[int], output: int, options: dict[str, Any], version: int) -> None:
        s, kind = self._schema, _OPTIONS[code]
        self._operators.append(
            s.OperatorT(
                opcodeIndex=self._codes.setdefault((code, version), len(self._codes)),
                inputs=inputs,
                outputs=[output],
                builtinOptionsType=getattr(s.BuiltinOptions, kind) if kind else 0,
                builtinOptions=getattr(s, f"{kind}T")(**options) if kind else None,
            )
        )

    def _operator_code(self, code: str, version: int) -> Any:
        number = getattr(self._schema.BuiltinOperator, code)
        # The old field holds a byte; 127 there means: see the new field.
        return self._schema.OperatorCodeT(deprecatedBuiltinCode=min(number, 127), version=version, builtinCode=number)

    def _sparsity(self, packed: csr.Csr) -> Any:
        s = self._schema
        dense = [
            s.DimensionMetadataT(format=s.DimensionType.DENSE, denseSize=packed.shape[dimension])
            for dimension in packed.traversal[:-1]
        ]
        segments, indices = packed.segments, packed.indices
        sparse = s.DimensionMetadataT(
            format=s.DimensionType.SPARSE_CSR,
            denseSize=packed.shape[packed.traversal[-1]],
            arraySegmentsType=getattr(s.SparseIndexVector, _vector(segments)),
            arraySegments=getattr(s, f"{_vector(segments)}T")(segments),
            arrayIndicesType=getattr(s.SparseIndexVector, _vector(indices)),
            arrayIndices=getattr(s, f"{_vector(indices)}T")(indices),
        )
        return s.SparsityParametersT(traversalOrder=list(packed.traversal), dimMetadata=[*dense, sparse])

    def _unique(self, name: str) -> str:
        """``name``, with a number where another tensor has it."""
        candidate, number = name, 1
        while candidate in self._names:
            number += 1
            candidate = f"{name}/{number}"
        self._names.add(candidate)
        return candidate


def _vector(values: csr.IndexArray) -> str:
    """The schema's name for a vector of this index type."""
    return f"{values.dtype.name.capitalize()}Vector"


def _buffer(s: Any, data: Array) -> Any:
    """A buffer that packs itself aligned: the generated class leaves out the schema's ``force_align``."""

    class Aligned(s.BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> Any:  # noqa: N802
            vector = None
            if data.size:
                payload = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
                builder.StartVector(1, len(payload), _ALIGNMENT)
                builder.head -= len(payload)
                builder.Bytes[builder.head : builder.head + len(payload)] = payload
                vector = builder.EndVector()
            s.BufferStart(builder)
            if vector is not None:
                s.BufferAddData(builder, vector)
            return s.BufferEnd(builder)

    return Aligned()
