"""The table of supported ONNX operators. Adding one is a function in a file of its family and a line here."""

from collections.abc import Callable

import onnx_ir as ir

from edgecompress.export.tflite.lowering import (
    activation,
    addition,
    convolution,
    dense,
    normalization,
    pooling,
    shape,
)
from edgecompress.export.tflite.lowering.context import Lowering, Value

OPERATORS: dict[str, Callable[[ir.Node, Lowering], Value]] = {
    "Add": addition.add,
    "AveragePool": pooling.average_pool,
    "BatchNormalization": normalization.batch_normalization,
    "Clip": activation.clip,
    "Conv": convolution.conv,
    "Dropout": shape.dropout,
    "Flatten": shape.flatten,
    "Gemm": dense.gemm,
    "GlobalAveragePool": pooling.global_average_pool,
    "Identity": shape.identity,
    "MatMul": dense.mat_mul,
    "MaxPool": pooling.max_pool,
    "ReduceMean": pooling.reduce_mean,
    "Relu": activation.relu,
    "Reshape": shape.reshape,
    "Softmax": activation.softmax,
    "Squeeze": shape.squeeze,
    "Unsqueeze": shape.unsqueeze,
}
