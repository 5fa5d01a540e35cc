#!/usr/bin/env bash
# OpenVINO computes silently wrong values from a valid TFLite file whose sparse weight is compressed along its first dimension.
#
# The guess: a sparse tensor of the TFLite schema says in which order its dimensions are walked (traversalOrder), so a
#   reader that takes sparse tensors at all puts each value where that order says. LiteRT does.
# The behaviour: OpenVINO's TFLite frontend reads dense rows and one compressed dimension, and takes the rows to lie in the
#   order of the shape. With another order the number of rows is another one, and the file is refused, with a line on "Sparse
#   segments". Where the first dimension and the last are of one size, the numbers of rows agree: it loads, and the weight
#   is a permuted one. No error, no message, other outputs. Compressed along the last dimension, both files are right.
# Versions: openvino 2026.4.1, ai-edge-litert 2.3.0, Python 3.11 on x86-64.
# Source: own measurement. No public thread was found on it.
# Hurt: whoever runs sparse TFLite files of a converter or packer that chooses the dimension by size.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check openvino==2026.4.1 ai-edge-litert==2.3.0 flatbuffers numpy

cat > run.py <<'PYTHON'
import sys

import flatbuffers
import numpy as np
import openvino
from ai_edge_litert import schema_py_generated as s
from ai_edge_litert.interpreter import Interpreter

VECTORS = {
    1: (s.SparseIndexVector.Uint8Vector, s.Uint8VectorT),
    2: (s.SparseIndexVector.Uint16Vector, s.Uint16VectorT),
}


def vector(array):
    kind, table = VECTORS[array.itemsize]
    made = table()
    made.values = array
    return kind, made


def sparse(array, order):
    """The values of ``array`` walked in ``order``, the last dimension of which is compressed, and where they are."""
    rows = np.transpose(array, order).reshape(-1, array.shape[order[-1]])
    made = s.SparsityParametersT()
    made.traversalOrder, made.blockMap, made.dimMetadata = np.array(order, np.int32), [], []
    for dimension in order:
        level = s.DimensionMetadataT()
        level.format, level.denseSize = s.DimensionType.DENSE, array.shape[dimension]
        made.dimMetadata.append(level)
    level.format, level.denseSize = s.DimensionType.SPARSE_CSR, 0
    ends = np.concatenate([[0], np.cumsum(np.count_nonzero(rows, axis=1))]).astype(np.uint16)
    level.arraySegmentsType, level.arraySegments = vector(ends)
    level.arrayIndicesType, level.arrayIndices = vector(np.nonzero(rows)[1].astype(np.uint8))
    return rows[rows != 0], made


def write(path, weight, order):
    """y = CONV_2D(x, DENSIFY(weight)), channels last."""
    outputs, _, _, inputs = weight.shape
    values, sparsity = sparse(weight, order)
    model, graph = s.ModelT(), s.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [s.BufferT() for _ in range(3)]
    model.operatorCodes = [s.OperatorCodeT(), s.OperatorCodeT()]
    for code, number in zip(model.operatorCodes, (s.BuiltinOperator.DENSIFY, s.BuiltinOperator.CONV_2D)):
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, number, 1
    contents = {1: values, 2: np.zeros(outputs, np.float32)}
    for number, content in contents.items():
        model.buffers[number].data = np.frombuffer(content.tobytes(), np.uint8)
    graph.name, graph.tensors, graph.operators = "main", [], [s.OperatorT(), s.OperatorT()]
    shapes = {"x": (1, 8, 8, inputs), "w": weight.shape, "dense": weight.shape, "b": (outputs,), "y": (1, 8, 8, outputs)}
    for name, shape in shapes.items():
        tensor = s.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), s.TensorType.FLOAT32
        tensor.buffer = {"w": 1, "b": 2}.get(name, 0)
        graph.tensors.append(tensor)
    graph.tensors[1].sparsity = sparsity
    graph.inputs, graph.outputs = [0], [4]
    densify, conv = graph.operators
    densify.opcodeIndex, densify.inputs, densify.outputs = 0, [1], [2]
    densify.builtinOptionsType, densify.builtinOptions = s.BuiltinOptions.DensifyOptions, s.DensifyOptionsT()
    conv.opcodeIndex, conv.inputs, conv.outputs = 1, [0, 2, 3], [4]
    conv.builtinOptionsType, conv.builtinOptions = s.BuiltinOptions.Conv2DOptions, s.Conv2DOptionsT()
    for name in ("strideH", "strideW", "dilationHFactor", "dilationWFactor"):
        setattr(conv.builtinOptions, name, 1)
    conv.builtinOptions.padding = s.Padding.SAME
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with open(path, "wb") as stream:
        stream.write(bytes(builder.Output()))


def litert(path, x):
    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


random = np.random.default_rng(0)
print("openvino", openvino.__version__)
found = {}
for outputs in (16, 24):
    weight = (random.normal(size=(outputs, 3, 3, 16)) * (random.random((outputs, 3, 3, 16)) < 0.2)).astype(np.float32)
    x = random.standard_normal((1, 8, 8, 16)).astype(np.float32)
    for order in ((0, 1, 2, 3), (1, 2, 3, 0)):
        write("model.tflite", weight, order)
        expected = litert("model.tflite", x)
        try:
            made = openvino.Core().compile_model("model.tflite", "CPU")([x])[0]
            off = float(np.abs(made - expected).max() / np.abs(expected).max())
            said = "the same" if off < 1e-2 else "WRONG"
            print(f"weight {weight.shape} walked in {order}: off LiteRT's outputs by {off:.3g} of the largest")
        except RuntimeError as error:
            said = "refused"
            print(f"weight {weight.shape} walked in {order}: refused: ...{' '.join(str(error).split())[-110:]}")
        found[outputs, order[-1]] = said
expected = {(16, 3): "the same", (16, 0): "WRONG", (24, 3): "the same", (24, 0): "refused"}
print("as stated" if found == expected else f"this has changed: {found}")
sys.exit(found != expected)
PYTHON
venv/bin/python run.py
