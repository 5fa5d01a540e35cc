"""The operators of a TFLite file, and what TensorFlow Lite Micro calls them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgecompress.errors import InputError
from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.attempts import text
from edgecompress.formats.tflite.micro.decode import OPERATOR

ETHOS_U = "ethos-u"
"""The custom operator that holds what Vela compiled."""
# The operators that MicroMutableOpResolver has a method for, in August 2026.
_HAS = """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
    BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
    DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD
    FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS
    LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM
    MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU
    RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX
    SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF
    TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
_KNOWN = frozenset(_HAS.split())
_METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
    ETHOS_U: "AddEthosU",
    OPERATOR: "AddDecode",
}


def in_order(path: Path) -> list[str]:
    """The operators of a file in their order; a custom one by its own name.

    Raises:
        InputError: the file cannot be read, or is damaged.
    """
    with model_file.parsed(path) as model, model_file.damage(path):
        return [_name(model, operator) for graph in model.subgraphs for operator in graph.operators]


def _name(model: object, operator: object) -> str:
    name = model_file.operator_name(model, operator)
    if name != "CUSTOM":
        return name
    return text(model.operatorCodes[operator.opcodeIndex].customCode)  # type: ignore[attr-defined]


def check_known(operators: Sequence[str], board: str) -> None:
    """Make sure that TensorFlow Lite Micro has all of ``operators``.

    Raises:
        InputError: it lacks some; the line names them.
    """
    lacking = sorted(set(operators) - _KNOWN - _METHODS.keys())
    if lacking:
        raise InputError(
            f"TensorFlow Lite Micro, which {board} runs, has no {', '.join(lacking)}: replace what in the network "
            "becomes that, or choose a board with Linux"
        )


def method(operator: str) -> str:
    """The method of MicroMutableOpResolver that adds an operator: ``AddConv2D`` for CONV_2D."""
    parts = (part if part[0].isdigit() else part.capitalize() for part in operator.split("_"))
    return _METHODS.get(operator) or f"Add{''.join(parts)}"


def output_step(path: Path) -> float | None:
    """The step of the int8 that a file's first output is made of; ``None``: it is made of float32."""
    with model_file.parsed(path) as model, model_file.damage(path):
        graph = model.subgraphs[0]
        last = int(graph.outputs[0])
        for operator in graph.operators:
            if last in operator.outputs and model_file.operator_name(model, operator) == "DEQUANTIZE":
                last = int(operator.inputs[0])
                break
        found = graph.tensors[last].quantization
        scales = np.zeros(0) if found is None or found.scale is None else np.asarray(found.scale)
        return float(scales[0]) if scales.size == 1 else None
