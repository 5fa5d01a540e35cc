#!/usr/bin/env bash
# TensorFlow Lite Micro computes silently wrong values from int8 weights with a scale a channel behind DEQUANTIZE.
#
# The guess: weights that alone are int8 (weight-only quantisation: a constant with a scale for each output channel, DEQUANTIZE, then
#   a float32 layer) are computed as LiteRT computes them, or the file is refused.
# The behaviour: no error and no message; every channel is multiplied by the first channel's scale. A channel whose scale is ten
#   times the first's gives a tenth of its output. The same weights with one scale for all are right, to float32's rounding.
# Versions: tflite-micro 0.dev20261023182759 beside ai-edge-litert 2.3.0, Python 3.11 on x86-64.
# Source: own measurement. One search of public threads found that int8 FULLY_CONNECTED with a scale a channel was refused for the
#   like (tensorflow/tflite-micro pull request 2602, 2024) and nothing on DEQUANTIZE.
# Hurt: whoever takes a weight-only int8 file of Google's quantiser, whose default for weights is a scale a channel, to a
#   microcontroller: it loads, runs, and answers wrongly. Way round: int8 activations too (static quantisation).
#
# Needs Python with venv and pip, on Linux on x86-64. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    tflite-micro==0.dev20261023182759 ai-edge-litert==2.3.0 flatbuffers numpy

cat > run.py <<'PYTHON'
"""A float32 FULLY_CONNECTED of 8 inputs to 4 channels, its weights int8 behind DEQUANTIZE, in both runtimes."""
import sys
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s
from ai_edge_litert.interpreter import Interpreter
from tflite_micro.python.tflite_micro import runtime

random = np.random.default_rng(0)
integers = random.integers(-127, 128, (4, 8)).astype(np.int8)
x = random.standard_normal((1, 8)).astype(np.float32)


def model_of(scales):
    buffers, tensors, operators = [s.BufferT()], [], []

    def tensor(shape, kind, scales=(), data=None):
        made = s.TensorT()
        made.shape, made.name, made.buffer, made.type = list(shape), f"t{len(tensors)}".encode(), 0, kind
        if len(scales):
            made.quantization = s.QuantizationParametersT()
            made.quantization.scale = np.asarray(scales, np.float32)
            made.quantization.zeroPoint = np.zeros(len(scales), np.int64)
        if data is not None:
            made.buffer = len(buffers)
            buffers.append(s.BufferT())
            buffers[-1].data = np.frombuffer(data.tobytes(), np.uint8)
        tensors.append(made)
        return len(tensors) - 1

    def add(code, inputs, output, kind, options):
        made = s.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = code, inputs, [output]
        made.builtinOptionsType, made.builtinOptions = kind, options
        operators.append(made)

    given = tensor((1, 8), s.TensorType.FLOAT32)
    stored = tensor((4, 8), s.TensorType.INT8, scales, integers)
    weights, output = tensor((4, 8), s.TensorType.FLOAT32), tensor((1, 4), s.TensorType.FLOAT32)
    bias = tensor((4,), s.TensorType.FLOAT32, data=np.zeros(4, np.float32))
    add(0, [stored], weights, s.BuiltinOptions.DequantizeOptions, s.DequantizeOptionsT())
    add(1, [given, weights, bias], output, s.BuiltinOptions.FullyConnectedOptions, s.FullyConnectedOptionsT())
    graph, model = s.SubGraphT(), s.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [given], [output]
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    for code, version in ((s.BuiltinOperator.DEQUANTIZE, 5), (s.BuiltinOperator.FULLY_CONNECTED, 1)):
        made = s.OperatorCodeT()
        made.builtinCode = made.deprecatedBuiltinCode = code
        made.version = version
        model.operatorCodes.append(made)
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def in_litert(model):
    made = Interpreter(model_content=model)
    made.allocate_tensors()
    made.set_tensor(made.get_input_details()[0]["index"], x)
    made.invoke()
    return made.get_tensor(made.get_output_details()[0]["index"])[0]


def in_micro(model):
    made = runtime.Interpreter.from_bytes(model, arena_size=1 << 16)
    made.set_input(x, 0)
    made.invoke()
    return made.get_output(0)[0]


wrong = 0
for scales in ([0.01] * 4, [0.01, 0.02, 0.05, 0.1]):
    expected = x[0] @ (integers * np.float32(scales)[:, None]).T
    by_first = x[0] @ (integers * np.float32(scales[0])).T
    model = model_of(scales)
    litert, micro = in_litert(model), in_micro(model)
    print("scales", scales, "expected", expected, "LiteRT", litert, "tflite-micro", micro, sep="\n  ")
    wrong += not np.allclose(litert, expected, rtol=1e-4, atol=1e-4)
    wrong += not np.allclose(micro, by_first, rtol=1e-4, atol=1e-4)
sys.exit(bool(wrong))
PYTHON

venv/bin/python run.py 2>/dev/null
echo "as stated: LiteRT takes each channel's scale, tflite-micro the first one's for all"
