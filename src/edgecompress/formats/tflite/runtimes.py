"""The runtimes that can run a .tflite file, judged by what is in it.

ai-edge-litert is known to run what this version of the package writes and packs, because each such file is proved with
it. For tflite-runtime 2.14, the last release under that name, the rules are here: the operators and versions that it
registers, and what it loads and computes wrongly.
"""

import itertools
from pathlib import Path
from typing import Any

from edgecompress.formats.tflite import model_file
from edgecompress.formats.tflite.consumers import Use, use
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.survey import weights

LITERT = "ai-edge-litert"
TFLITE_RUNTIME = "tflite-runtime 2.14"

_CHAIN = 2
# The latest version of each operator that tflite-runtime 2.14 registers, asked of the runtime itself.
_LATEST = {
    1: """
        ADD_N ASSIGN_VARIABLE ATAN2 BITCAST BITWISE_XOR BROADCAST_ARGS BUCKETIZE CALL_ONCE CEIL COMPLEX_ABS CONV_3D
        CONV_3D_TRANSPOSE COS CUMSUM DENSIFY DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP_SPARSE EXPAND_DIMS FLOOR
        HARD_SWISH HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_LOOKUP HASHTABLE_SIZE IF IMAG L2_POOL_2D
        LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LSH_PROJECTION MATRIX_DIAG MATRIX_SET_DIAG
        MULTINOMIAL NEG NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 ONE_HOT POW PRELU RANDOM_STANDARD_NORMAL
        RANDOM_UNIFORM RANK READ_VARIABLE REAL REDUCE_ALL REDUCE_ANY RELU_0_TO_1 RELU_N1_TO_1 RESHAPE REVERSE_SEQUENCE
        RFFT2D RIGHT_SHIFT ROUND SCATTER_ND SEGMENT_SUM SHAPE SIN SKIP_GRAM SQRT SQUARE UNIQUE UNSORTED_SEGMENT_MAX
        UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM VAR_HANDLE WHILE ZEROS_LIKE
    """,
    2: """
        DEPTH_TO_SPACE DIV EXP FAKE_QUANT FLOOR_MOD GELU GREATER L2_NORMALIZATION LEAKY_RELU LESS_EQUAL LOG_SOFTMAX
        RANGE REDUCE_PROD RSQRT SELECT_V2 SIGN SPACE_TO_DEPTH SPLIT_V SQUARED_DIFFERENCE SQUEEZE SUM WHERE
    """,
    3: """
        ARG_MAX ARG_MIN AVERAGE_POOL_2D BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN BROADCAST_TO
        EMBEDDING_LOOKUP FLOOR_DIV GREATER_EQUAL LESS LOGISTIC MAX_POOL_2D MEAN MIRROR_PAD NOT_EQUAL QUANTIZE
        REDUCE_MAX REDUCE_MIN RELU RELU6 REVERSE_V2 RNN SOFTMAX SPARSE_TO_DENSE TANH TILE TOPK_V2
        UNIDIRECTIONAL_SEQUENCE_RNN
    """,
    4: """
        BATCH_MATMUL BATCH_TO_SPACE_ND CONCATENATION EQUAL FILL GATHER_ND LSTM MAXIMUM MINIMUM PACK PAD PADV2
        RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SELECT SPACE_TO_BATCH_ND SPLIT SVDF TRANSPOSE_CONV
        UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK
    """,
    5: """
        ABS ADD CAST DEQUANTIZE SUB
    """,
    6: """
        GATHER SLICE TRANSPOSE
    """,
    7: """
        CONV_2D DEPTHWISE_CONV_2D MUL
    """,
    8: """
        STRIDED_SLICE
    """,
    10: """
        FULLY_CONNECTED
    """,
}
_LATEST_VERSION = {name: version for version, names in _LATEST.items() for name in names.split()}
_LATEST_TYPE = "INT4"


def runtimes(path: Path) -> tuple[str, ...]:
    """The runtimes that run the file and compute what it says: some of ``LITERT`` and ``TFLITE_RUNTIME``.

    None is named for a model with custom operators, and for one whose weights take DENSIFY and DEQUANTIZE in a row
    before an operator that XNNPACK does not run: both runtimes compute wrong numbers from it.

    Raises:
        InputError: the file cannot be read, is not TFLite, is damaged, or has parts elsewhere.
        MissingDependencyError: ai-edge-litert is not installed.
    """
    with model_file.parsed(path) as model, model_file.damage(path):
        operators = [(graph, operator) for graph in model.subgraphs or [] for operator in graph.operators or []]
        if any(model_file.operator_name(model, operator) == "CUSTOM" for _, operator in operators):
            return ()
        if any(len(weight.decoders) == _CHAIN and not _chained(use(weight.readings)) for weight in weights(model)):
            return ()
        latest = getattr(schema().TensorType, _LATEST_TYPE)
        tensors = itertools.chain.from_iterable(graph.tensors or [] for graph in model.subgraphs or [])
        old = all(tensor.type <= latest for tensor in tensors) and all(
            _is_registered(model, operator) and not _is_misread(model, graph, operator) for graph, operator in operators
        )
    return (LITERT, TFLITE_RUNTIME) if old else (LITERT,)


def _chained(allowed: Use | str) -> bool:
    return isinstance(allowed, Use) and allowed.chained


def _is_registered(model: Any, operator: Any) -> bool:
    version = model.operatorCodes[operator.opcodeIndex].version
    return bool(version <= _LATEST_VERSION.get(model_file.operator_name(model, operator), 0))


def _is_misread(model: Any, graph: Any, operator: Any) -> bool:
    """Return whether tflite-runtime takes the first of many scales for all: int8 FULLY_CONNECTED of float32."""
    if model_file.operator_name(model, operator) != "FULLY_CONNECTED":
        return False
    given, weight = (graph.tensors[int(index)] for index in operator.inputs[:2])
    scales = None if weight.quantization is None else weight.quantization.scale
    kinds = schema().TensorType
    per_channel = scales is not None and len(scales) > 1
    return per_channel and (given.type, weight.type) == (kinds.FLOAT32, kinds.INT8)
