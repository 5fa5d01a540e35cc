#!/usr/bin/env bash
# LiteRT does not compute with what a DEQUANTIZE makes of int4 weights: it reads the int4 numbers themselves.
#
# The guess: DEQUANTIZE decodes a constant once, at load, and the FULLY_CONNECTED behind it computes in float32: the bits are
#   those of a file that holds the decoded numbers as float32. So it is for int8 weights.
# The behaviour: for int4 weights the default delegate (XNNPACK) looks through the DEQUANTIZE and multiplies with the integers,
#   their scale after the sum: most outputs have other bits, by a few units in the last place. With the runtime's own kernels,
#   without the delegate, the bits are those of float32.
# Versions: ai-edge-litert 2.3.0, Python 3.11 on x86-64.
# Source: own measurement.
# Hurt: whoever stores such weights in another form (packed, as float32 or int8) and compares outputs bit by bit, or takes such
#   a file's outputs for those of its decoded weights.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ai-edge-litert==2.3.0 flatbuffers==25.12.19 numpy==2.4.6

cat > make.py <<'PYTHON'
"""Write one matrix, 32 x 1024, in three forms of the same numbers: float32, and int8 and int4 before a DEQUANTIZE."""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

random = np.random.default_rng(7)
levels = random.integers(-7, 8, (32, 1024)).astype(np.int8)
scales = random.uniform(0.01, 0.02, 32).astype(np.float32)
weights = levels.astype(np.float32) * scales[:, None]
np.save("x.npy", random.standard_normal((1, 1024)).astype(np.float32))
KINDS = {
    "float32": (s.TensorType.FLOAT32, weights.tobytes()),
    "int8": (s.TensorType.INT8, levels.tobytes()),
    "int4": (s.TensorType.INT4, (levels[:, ::2].astype(np.uint8) & 15 | levels[:, 1::2].astype(np.uint8) << 4).tobytes()),
}


def write(name):
    buffers, tensors, operators, codes = [s.BufferT()], [], [], []

    def tensor(shape, kind=s.TensorType.FLOAT32, data=None, quantised=False):
        made = s.TensorT()
        made.shape, made.name, made.type, made.buffer = list(shape), f"t{len(tensors)}".encode(), kind, 0
        if data is not None:
            made.buffer = len(buffers)
            buffers.append(s.BufferT())
            buffers[-1].data = np.frombuffer(data, np.uint8)
        if quantised:
            made.quantization = s.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = scales, np.zeros(32, np.int64)
            made.quantization.quantizedDimension = 0
        tensors.append(made)
        return len(tensors) - 1

    def add(code, version, inputs, output, kind, options):
        codes.append((code, version))
        made = s.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(codes) - 1, inputs, [output]
        made.builtinOptionsType, made.builtinOptions = kind, options
        operators.append(made)
        return output

    kind, data = KINDS[name]
    given = tensor((1, 1024))
    weight = tensor((32, 1024), kind, data, quantised=name != "float32")
    if name != "float32":
        options = s.BuiltinOptions.DequantizeOptions, s.DequantizeOptionsT()
        weight = add(s.BuiltinOperator.DEQUANTIZE, 6, [weight], tensor((32, 1024)), *options)
    inputs = [given, weight, tensor((32,), data=np.zeros(32, np.float32).tobytes())]
    options = s.BuiltinOptions.FullyConnectedOptions, s.FullyConnectedOptionsT()
    output = add(s.BuiltinOperator.FULLY_CONNECTED, 1, inputs, tensor((1, 32)), *options)
    graph, model = s.SubGraphT(), s.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [given], [output]
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    for code, version in codes:
        made = s.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), version
        model.operatorCodes.append(made)
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    open(f"{name}.tflite", "wb").write(bytes(builder.Output()))


for name in KINDS:
    write(name)
PYTHON

cat > run.py <<'PYTHON'
"""How many outputs have other bits than those of float32 weights, with the default delegate and without; 0: as stated."""
import importlib.metadata
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

print(f"ai-edge-litert {importlib.metadata.version('ai-edge-litert')}")
differ = set()
for kernels in ("AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"):
    made = {}
    for name in ("float32", "int8", "int4"):
        resolver = getattr(OpResolverType, kernels)
        interpreter = Interpreter(f"{name}.tflite", num_threads=1, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.load("x.npy"))
        interpreter.invoke()
        made[name] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    for name in ("int8", "int4"):
        unequal = int((made[name].view(np.uint32) != made["float32"].view(np.uint32)).sum())
        off = float(np.abs(made[name] - made["float32"]).max())
        print(f"  {kernels}: {name} and DEQUANTIZE: {unequal} of 32 outputs have other bits than float32, by {off:.2g}")
        if unequal:
            differ.add((kernels, name))
sys.exit(differ != {("AUTO", "int4")})
PYTHON

venv/bin/python make.py
venv/bin/python run.py
echo "as stated: only int4 weights, only with the delegate, give other bits than the float32 that DEQUANTIZE makes of them"
