#!/usr/bin/env bash
# LiteRT 1.4 to 2.1 computes silently wrong values from sparse float16 weights, on any processor; 2.2 is right.
#
# The guess: DENSIFY and then DEQUANTIZE decode a sparse float16 constant (CSR), as each decodes a sparse or a float16 one by
#   itself: the convolution behind them computes what it computes from the plain float32 weights.
# The behaviour: with the default delegate (XNNPACK) the outputs are noise, others from run to run: zeros, values a thousand
#   times too large, NaN. No error, no message. The same weights as sparse float32 (DENSIFY alone) or as plain float16
#   (DEQUANTIZE alone) are right there, and so is the file itself in the runtime's own kernels, without the delegate.
# Versions: ai-edge-litert 2.1.6 (wrong) and 2.3.0 (right), Python 3.11 on x86-64. Asked besides: 1.4.0, 2.0.2, 2.0.3, 2.1.0,
#   2.1.2 and 2.1.4 are wrong; 1.1.2, 1.2.0, 1.3.0, 2.2.0 and tflite-runtime 2.14.0 are right in this file.
# Source: own measurement. Two searches of public threads found nothing on it.
# Hurt: whoever ships a sparse model with float16 weights (MediaPipe's full-range sparse face detection is one) to devices whose
#   runtime is not of the latest.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for release in 2.1.6 2.3.0; do
    python3 -m venv "$release"
    "$release/bin/python" -m pip install --quiet --disable-pip-version-check "ai-edge-litert==$release" flatbuffers numpy
done

cat > make.py <<'PYTHON'
"""Write a 1x1 convolution of 48 channels to 64, 90 % zeros, its weights stored in three forms, and what it computes."""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

random = np.random.default_rng(0)
dense = (random.standard_normal((64, 48)) * (random.random((64, 48)) < 0.1)).astype(np.float16)
x = random.standard_normal((1, 8, 8, 48)).astype(np.float32)
np.savez("expected.npz", x=x, y=x @ dense.astype(np.float32).T)


def write(name, kind, steps):
    buffers, tensors, operators, codes = [s.BufferT()], [], [], []

    def tensor(shape, dtype=np.float32, data=None, sparsity=None):
        made = s.TensorT()
        made.shape, made.name, made.buffer, made.sparsity = list(shape), f"t{len(tensors)}".encode(), 0, sparsity
        made.type = s.TensorType.FLOAT16 if dtype == np.float16 else s.TensorType.FLOAT32
        if data is not None:
            made.buffer = len(buffers)
            buffers.append(s.BufferT())
            buffers[-1].data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        tensors.append(made)
        return len(tensors) - 1

    def add(code, version, inputs, output, kind, options):
        codes.append((code, version))
        made = s.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(codes) - 1, inputs, [output]
        made.builtinOptionsType, made.builtinOptions = kind, options
        operators.append(made)
        return output

    shape, weights = (64, 1, 1, 48), dense.astype(kind)
    image = tensor((1, 8, 8, 48))
    sparsity, values = None, weights
    if "DENSIFY" in steps:
        sparsity = s.SparsityParametersT()
        sparsity.traversalOrder, sparsity.dimMetadata = [0, 1, 2, 3], []
        for size in shape[:3]:
            part = s.DimensionMetadataT()
            part.format, part.denseSize = s.DimensionType.DENSE, size
            sparsity.dimMetadata.append(part)
        part = s.DimensionMetadataT()
        part.format = s.DimensionType.SPARSE_CSR
        part.arraySegmentsType = part.arrayIndicesType = s.SparseIndexVector.Int32Vector
        part.arraySegments, part.arrayIndices = s.Int32VectorT(), s.Int32VectorT()
        part.arraySegments.values = np.cumsum([0, *np.count_nonzero(weights, axis=1)]).astype(np.int32)
        part.arrayIndices.values = np.nonzero(weights)[1].astype(np.int32)
        sparsity.dimMetadata.append(part)
        values = weights[np.nonzero(weights)]
    given = tensor(shape, kind, values, sparsity)
    if "DENSIFY" in steps:
        options = s.BuiltinOptions.DensifyOptions, s.DensifyOptionsT()
        given = add(s.BuiltinOperator.DENSIFY, 1, [given], tensor(shape, kind), *options)
    if "DEQUANTIZE" in steps:
        options = s.BuiltinOptions.DequantizeOptions, s.DequantizeOptionsT()
        given = add(s.BuiltinOperator.DEQUANTIZE, 3, [given], tensor(shape), *options)
    options = s.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = s.Padding.VALID, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    inputs = [image, given, tensor((64,), data=np.zeros(64, np.float32))]
    output = add(s.BuiltinOperator.CONV_2D, 1, inputs, tensor((1, 8, 8, 64)), s.BuiltinOptions.Conv2DOptions, options)
    graph, model = s.SubGraphT(), s.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [image], [output]
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    for code, version in codes:
        made = s.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), version
        model.operatorCodes.append(made)
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    open(name, "wb").write(bytes(builder.Output()))


write("sparse-float16.tflite", np.float16, ["DENSIFY", "DEQUANTIZE"])
write("sparse-float32.tflite", np.float32, ["DENSIFY"])
write("plain-float16.tflite", np.float16, ["DEQUANTIZE"])
PYTHON

cat > run.py <<'PYTHON'
"""How far each file is off, with the default delegate and with the runtime's own kernels; 1: any of what is named is."""
import importlib.metadata
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

wrong = set()
with np.load("expected.npz") as archive:
    x, expected = archive["x"], archive["y"]
print(f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}, largest output {np.abs(expected).max():.3g}")
for name in ("sparse-float16", "sparse-float32", "plain-float16"):
    for kernels in ("AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"):
        interpreter = Interpreter(f"{name}.tflite", experimental_op_resolver_type=getattr(OpResolverType, kernels))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        off = np.abs(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) - expected).max()
        print(f"  {name}, {kernels}: off by {off:.3g}")
        if not off < 1e-2 * np.abs(expected).max():
            wrong.add((name, kernels))
sys.exit(wrong != ({("sparse-float16", "AUTO")} if sys.argv[1] == "wrong" else set()))
PYTHON

2.3.0/bin/python make.py
2.1.6/bin/python run.py wrong
2.3.0/bin/python run.py right
echo "as stated: sparse float16 weights are wrong in 2.1.6 with the default delegate, and right in 2.3.0"
