"""The operators that can read a weight made by DENSIFY or DEQUANTIZE, and what they allow. All of it was measured.

A constant decoded by one operator is decoded once and computes the same bits with every operator listed here, in
ai-edge-litert 2.3 and in tflite-runtime 2.14, with XNNPACK, without it, and with the reference kernels.

A chain of two, DENSIFY then DEQUANTIZE, is decoded once only by XNNPACK, and only where XNNPACK itself runs every
operator that reads the result. Where another kernel reads it, XNNPACK leaves the DEQUANTIZE to run on memory that was
never filled: wrong numbers, no error, in both runtimes. Without XNNPACK the DEQUANTIZE runs at every inference.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

# ActivationFunctionType of the schema: NONE, RELU, RELU_N1_TO_1, RELU6. Others keep an operator out of XNNPACK.
_ACTIVATIONS = range(4)


@dataclass(frozen=True)
class Use:
    """The forms that the operators that read one weight allow.

    ``channel_axis`` is the dimension of the outputs, along which int8 may have a scale each; ``chained`` allows two
    decoding operators in a row; ``hybrid`` allows int8 without any, computed with float32 activations.
    """

    channel_axis: int | None
    chained: bool
    hybrid: bool


@dataclass(frozen=True)
class ReadingOperator:
    """One operator that reads a weight: its schema name, at which input, and what decides whether XNNPACK runs it."""

    code: str
    position: int
    activation: int = 0
    constant_bias: bool = True
    default_weights: bool = True


# Operators that sum products of the weight: XNNPACK runs them. Input of the weight, dimension of the outputs.
_LAYERS = {
    "CONV_2D": (1, 0),
    "DEPTHWISE_CONV_2D": (1, 3),
    "FULLY_CONNECTED": (1, 0),
    "TRANSPOSE_CONV": (1, 0),
}
_HYBRID = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
# What may have one decoding operator at most: biases, and the weights of operators that not every XNNPACK runs.
_OTHERS: dict[str, Container[int]] = {
    "ADD": (1,),
    "BATCH_MATMUL": (1,),
    "CONCATENATION": range(1 << 10),
    "CONV_2D": (2,),
    "CONV_3D": (1,),
    "DEPTHWISE_CONV_2D": (2,),
    "DIV": (1,),
    "EMBEDDING_LOOKUP": (1,),
    "FULLY_CONNECTED": (2,),
    "GATHER": (0,),
    "MUL": (1,),
    "PRELU": (1,),
    "SUB": (1,),
    "TRANSPOSE_CONV": (3,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": range(1, 9),
}


def use(readings: Iterable[ReadingOperator]) -> Use | str:
    """The use that all ``readings`` of one weight allow together, or why the weight must stay as it is."""
    axes: set[int | None] = set()
    chained = hybrid = True
    for reading in readings:
        if reading.code in _LAYERS and reading.position == _LAYERS[reading.code][0] and reading.default_weights:
            axes.add(_LAYERS[reading.code][1])
            chained &= reading.activation in _ACTIVATIONS and reading.constant_bias
            hybrid &= reading.code in _HYBRID
        elif reading.position in _OTHERS.get(reading.code, ()):
            axes.add(None)
            chained = hybrid = False
        else:
            return f"input {reading.position} of {reading.code} is not known to read what is decoded"
    axis = axes.pop() if len(axes) == 1 else None
    return Use(axis, chained, hybrid and axis is not None)


def sums_products(readings: Iterable[ReadingOperator]) -> bool:
    """Return whether each operator only adds products of the weight, where the sign of a zero makes no difference."""
    return all(reading.code in _LAYERS and reading.position == _LAYERS[reading.code][0] for reading in readings)
