"""A :class:`Graph` as the bytes of a TFLite file (flatbuffer, identifier TFL3, schema version 3)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgecompress.formats.tflite import tables
from edgecompress.formats.tflite.flatbuffer import Flatbuffer
from edgecompress.formats.tflite.graph import Array, Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored

_OPTIONS: dict[str, str | None] = {
    "ABS": "AbsOptions",
    "ADD": "AddOptions",
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "BROADCAST_TO": "BroadcastToOptions",
    "CAST": "CastOptions",
    "CEIL": None,
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "COS": "CosOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DIV": "DivOptions",
    "ELU": None,
    "EQUAL": "EqualOptions",
    "EXP": "ExpOptions",
    "FLOOR": None,
    "FLOOR_MOD": "FloorModOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "GELU": "GeluOptions",
    "GREATER": "GreaterOptions",
    "GREATER_EQUAL": "GreaterEqualOptions",
    "HARD_SWISH": "HardSwishOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "LESS": "LessOptions",
    "LESS_EQUAL": "LessEqualOptions",
    "LOG": None,
    "LOGICAL_AND": "LogicalAndOptions",
    "LOGICAL_NOT": "LogicalNotOptions",
    "LOGICAL_OR": "LogicalOrOptions",
    "LOGISTIC": None,
    "LOG_SOFTMAX": "LogSoftmaxOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "NEG": "NegOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "POW": "PowOptions",
    "PRELU": None,
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "RELU": None,
    "RELU6": None,
    "RELU_N1_TO_1": None,
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "ROUND": None,
    "RSQRT": None,
    "SELECT_V2": "SelectV2Options",
    "SIN": None,
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SQRT": None,
    "SQUARE": "SquareOptions",
    "SQUARED_DIFFERENCE": "SquaredDifferenceOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "TANH": None,
    "TILE": "TileOptions",
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
}
# The versions that read int8 weights with a scale for each channel beside float32 activations. Under lower ones
# tflite-runtime 2.14 would load a FULLY_CONNECTED and compute wrong numbers.
_HYBRID_VERSIONS = {"CONV_2D": 5, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 12}


def serialize(graph: TfliteGraph, forms: Mapping[Tensor, Stored]) -> bytes:
    """The bytes of ``packed``'s file, all in memory."""
    return bytes(packed(graph, forms))


def packed(
    graph: TfliteGraph, forms: Mapping[Tensor, Stored], metadata: Mapping[str, bytes] | None = None
) -> Flatbuffer:
    """The file of ``graph``; the same graph gives the same bytes. The arrays may not change until it is written.

    ``forms`` says how to store constants; one that is not in it is stored plain. The inputs and outputs carry their
    names in the signature ``serving_default`` too. ``metadata`` are entries for runtimes, by name.

    Raises:
        InputError: the file would be larger than a flatbuffer can be.
    """
    writer = _Writer()
    for tensor in (*graph.inputs, *graph.outputs):  # first, so that no other tensor takes their names
        writer.tensor(tensor)
    for operator in graph.operators:
        writer.operator(operator, forms)
    return writer.finish(graph, metadata or {})


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
            self._index[tensor] = self._add(tensor)
        return self._index[tensor]

    def operator(self, operator: TfliteOperator, forms: Mapping[Tensor, Stored]) -> None:
        """Add an operator, and before it those that decode its weights."""
        version = operator.version
        for tensor in operator.inputs:
            if tensor in forms and tensor not in self._index:
                self._index[tensor] = self._decoded(tensor, forms[tensor])
            if tensor in forms and forms[tensor].hybrid:
                version = max(version, _HYBRID_VERSIONS[operator.code])
        s, kind = self._schema, _OPTIONS[operator.code]
        self._operators.append(
            s.OperatorT(
                opcodeIndex=self._opcode(operator.code, version),
                inputs=[self.tensor(tensor) for tensor in operator.inputs],
                outputs=[self.tensor(operator.output)],
                builtinOptionsType=getattr(s.BuiltinOptions, kind) if kind else 0,
                builtinOptions=getattr(s, f"{kind}T")(**operator.options) if kind else None,
            )
        )

    def finish(self, graph: TfliteGraph, metadata: Mapping[str, bytes]) -> Flatbuffer:
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
        entries = [
            s.MetadataT(name=name, buffer=self._buffer(np.frombuffer(value, np.uint8)))
            for name, value in metadata.items()
        ]
        model = s.ModelT(
            version=3,
            operatorCodes=[tables.operator_code(code, version) for code, version in self._codes],
            subgraphs=[subgraph],
            description="edgecompress",
            buffers=[tables.aligned_buffer(data) for data in self._buffers],
            signatureDefs=[signature],
            metadata=entries or None,
        )
        return tables.packed(model, sum(data.nbytes for data in self._buffers))

    def _add(self, tensor: Tensor) -> int:
        """Add an activation or a plain constant under a name no other tensor has."""
        kind = tables.tensor_type(np.dtype(tensor.kind) if tensor.data is None else tensor.data.dtype)
        buffer = 0 if tensor.data is None else self._buffer(tensor.data)
        name = self._unique(tensor.name)
        self._tensors.append(self._schema.TensorT(shape=list(tensor.shape), type=kind, buffer=buffer, name=name))
        return len(self._tensors) - 1

    def _decoded(self, tensor: Tensor, stored: Stored) -> int:
        """Add a constant as it is stored and the operators that decode it; the index of what its readers read."""
        buffer = self._buffer(stored.values)
        self._tensors.append(tables.weight_tensor(self._unique(tensor.name), tensor.shape, stored, buffer))
        for step in stored.steps:
            made = len(self._tensors)
            name = self._unique(tensor.name + tables.SUFFIXES[step])
            self._tensors.append(tables.decoded_tensor(name, tensor.shape, stored, step))
            opcode = self._opcode(step, tables.step_version(stored, step))
            self._operators.append(tables.step_operator(step, opcode, made - 1, made))
        return len(self._tensors) - 1

    def _buffer(self, data: Array) -> int:
        self._buffers.append(data)
        return len(self._buffers) - 1

    def _opcode(self, code: str, version: int) -> int:
        return self._codes.setdefault((code, version), len(self._codes))

    def _unique(self, name: str) -> str:
        """``name``, with a number where another tensor has it."""
        candidate, number = name, 1
        while candidate in self._names:
            number += 1
            candidate = f"{name}/{number}"
        self._names.add(candidate)
        return candidate
