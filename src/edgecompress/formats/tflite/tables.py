"""Tables of the TFLite schema for weights and the operators that decode them, made with the generated classes."""

from typing import Any

import numpy as np

from edgecompress.formats.tflite import csr, flatbuffer
from edgecompress.formats.tflite.flatbuffer import Flatbuffer
from edgecompress.formats.tflite.graph import Array
from edgecompress.formats.tflite.scales import Scales
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored

IDENTIFIER = b"TFL3"
# What the tensors that decoding makes are called, after the constant's name.
SUFFIXES = {"DENSIFY": "/dense", "DEQUANTIZE": "/float32"}
# Runtimes map the file into memory and compute on the weights where they lie, so buffers start at SIMD addresses.
_ALIGNMENT = 16
_DEQUANTIZE_INT8, _DEQUANTIZE_FLOAT16, _DEQUANTIZE_CHANNELS = 2, 3, 5
_OPTIONS = {"DENSIFY": "DensifyOptions", "DEQUANTIZE": "DequantizeOptions"}


def packed(model: Any, data: int) -> Flatbuffer:
    """The file of a ``ModelT`` whose buffers hold ``data`` bytes; it reads large ones when it is written.

    Raises:
        InputError: the file would be larger than a flatbuffer can be.
    """
    builder = flatbuffer.builder(data)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return flatbuffer.finished(builder)


def serialized(model: Any, data: int) -> bytes:
    """The bytes of ``packed``'s file, all in memory."""
    return bytes(packed(model, data))


def weight_tensor(name: str | bytes, shape: tuple[int, ...], stored: Stored, buffer: int) -> Any:
    """The ``TensorT`` of a stored constant."""
    s: Any = schema()
    return s.TensorT(
        shape=list(shape),
        type=tensor_type(stored.values.dtype),
        buffer=buffer,
        name=name,
        # DENSIFY reads no scales; what it makes has them.
        quantization=None if isinstance(stored.array, csr.Csr) else quantization(stored.scales),
        sparsity=_sparsity(stored.array) if isinstance(stored.array, csr.Csr) else None,
    )


def decoded_tensor(name: str | bytes, shape: tuple[int, ...], stored: Stored, step: str) -> Any:
    """The ``TensorT`` that ``step`` of a stored constant's decoding makes."""
    s: Any = schema()
    if step == "DEQUANTIZE":
        return s.TensorT(shape=list(shape), type=s.TensorType.FLOAT32, name=name)
    kind = tensor_type(stored.values.dtype)
    return s.TensorT(shape=list(shape), type=kind, name=name, quantization=quantization(stored.scales))


def step_version(stored: Stored, step: str) -> int:
    """The first version of the operator that runs a step."""
    if step == "DENSIFY":
        return 1
    if stored.scales is None:
        return _DEQUANTIZE_FLOAT16
    return _DEQUANTIZE_INT8 if len(stored.scales.values) == 1 else _DEQUANTIZE_CHANNELS


def step_operator(step: str, opcode: int, given: int, made: int) -> Any:
    """The ``OperatorT`` of a step from tensor ``given`` to tensor ``made``."""
    s: Any = schema()
    kind = _OPTIONS[step]
    return s.OperatorT(
        opcodeIndex=opcode,
        inputs=[given],
        outputs=[made],
        builtinOptionsType=getattr(s.BuiltinOptions, kind),
        builtinOptions=getattr(s, f"{kind}T")(),
    )


def operator_code(code: str, version: int) -> Any:
    """The ``OperatorCodeT`` of a builtin operator."""
    s: Any = schema()
    number = getattr(s.BuiltinOperator, code)
    # The old field holds a byte; 127 there means: see the new field.
    return s.OperatorCodeT(deprecatedBuiltinCode=min(number, 127), version=version, builtinCode=number)


def tensor_type(dtype: np.dtype[Any]) -> int:
    """The schema's number for a NumPy type."""
    return int(getattr(schema().TensorType, dtype.name.upper()))


def quantization(scales: Scales | None) -> Any:
    """The ``QuantizationParametersT`` of symmetric int8; None where there are no scales."""
    if scales is None:
        return None
    s: Any = schema()
    zeros = np.zeros(len(scales.values), np.int64)
    return s.QuantizationParametersT(scale=scales.values, zeroPoint=zeros, quantizedDimension=scales.axis)


def aligned_buffer(data: Array) -> Any:
    """A buffer that packs itself aligned: the generated class leaves out the schema's ``force_align``."""
    s: Any = schema()

    class Aligned(s.BufferT):  # type: ignore[misc]
        def Pack(self, builder: Any) -> Any:  # noqa: N802
            vector = None
            if self.data.size:
                vector = builder.array_vector(self.data, 1, self.data.nbytes, _ALIGNMENT)
            s.BufferStart(builder)
            if vector is not None:
                s.BufferAddData(builder, vector)
            return s.BufferEnd(builder)

    return Aligned(data=data)


def _sparsity(packed: csr.Csr) -> Any:
    s: Any = schema()
    dense = [s.DimensionMetadataT(format=s.DimensionType.DENSE, denseSize=size) for size in packed.outer]
    segments, indices = packed.segments, packed.indices
    sparse = s.DimensionMetadataT(
        format=s.DimensionType.SPARSE_CSR,
        denseSize=packed.shape[packed.traversal[-1]],
        arraySegmentsType=getattr(s.SparseIndexVector, _vector(segments)),
        arraySegments=getattr(s, f"{_vector(segments)}T")(segments),
        arrayIndicesType=getattr(s.SparseIndexVector, _vector(indices)),
        arrayIndices=getattr(s, f"{_vector(indices)}T")(indices),
    )
    if packed.block == 1:
        return s.SparsityParametersT(traversalOrder=list(packed.traversal), dimMetadata=[*dense, sparse])
    inside = s.DimensionMetadataT(format=s.DimensionType.DENSE, denseSize=packed.block)
    return s.SparsityParametersT(
        traversalOrder=[*packed.traversal, len(packed.shape)], blockMap=[0], dimMetadata=[*dense, sparse, inside]
    )


def _vector(values: csr.IndexArray) -> str:
    """The schema's name for a vector of this index type."""
    return f"{values.dtype.name.capitalize()}Vector"
