#!/usr/bin/env bash
# LiteRT computes silently wrong values from a valid file with sparse (CSR) weights, on every processor without AVX.
#
# The guess: sparse weights with a DENSIFY before the layer that reads them are a storage form. The file computes what the
#   dense one computes, on any processor, with or without the default delegate.
# The behaviour: on x86 with AVX, yes. On processors without it, which are all Arm boards and phones and old Atoms, the
#   default delegate (XNNPACK) takes the DENSIFY for a hint, and computes the 1x1 convolutions with sparse kernels in channels
#   first. Where the run of operators that it has in that layout is broken, here by a MAX_POOL_2D, the last sparse convolution
#   writes channels first and its reader reads channels last. No error, no message; the outputs are off by as much as they
#   differ from input to input. The same file without the MAX_POOL_2D is right there, and so is the same weights stored dense,
#   and so are the runtime's own kernels without the delegate.
# Versions: ai-edge-litert 2.3.0, Python 3.11 on x86-64, a Nehalem emulated by qemu's user mode (7.2). Every release
#   of ai-edge-litert that was asked is wrong, also on emulated Arm processors; tflite-runtime 2.14.0 is right on Arm.
# Source: own measurement. No public thread was found on it.
# Hurt: whoever ships pruned TFLite files to boards after testing them on a PC.
#
# Needs an x86-64 machine, Python with venv and pip, and Debian's qemu-user-static or qemu-user. Exits with 0 if it is as said.
set -euo pipefail

[ "$(uname -m)" = x86_64 ] || { echo "this shows an x86 processor without AVX: it needs an x86-64 machine" >&2; exit 2; }
emulator=$(command -v qemu-x86_64-static || command -v qemu-x86_64) ||
    { echo "no qemu-x86_64 here: apt-get install qemu-user-static" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ai-edge-litert==2.3.0 flatbuffers numpy

cat > make.py <<'PYTHON'
"""Write broken.tflite (with the pool), whole.tflite (without) and dense.tflite (with it, no weight is sparse)."""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s


def write(path, pool=True, sparse=True):
    random = np.random.default_rng(0)
    buffers, tensors, operators, codes = [s.BufferT()], [], [], []

    def tensor(shape, data=None, kind=s.TensorType.FLOAT32, sparsity=None):
        made = s.TensorT()
        made.shape, made.type, made.sparsity, made.buffer = list(shape), kind, sparsity, 0
        made.name = f"t{len(tensors)}".encode()
        if data is not None:
            made.buffer = len(buffers)
            buffers.append(s.BufferT())
            buffers[-1].data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        tensors.append(made)
        return len(tensors) - 1

    def add(code, inputs, shape, kind=0, options=None):
        if code not in codes:
            codes.append(code)
        made = s.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = codes.index(code), inputs, [tensor(shape)]
        made.builtinOptionsType, made.builtinOptions = kind, options
        operators.append(made)
        return made.outputs[0]

    def values(*shape, scale=None):
        return (random.standard_normal(shape) * (scale or np.prod(shape[1:]) ** -0.5)).astype(np.float32)

    def csr(array):
        """A sparse tensor: the three outer dimensions dense, the last one compressed."""
        rows = array.reshape(-1, array.shape[-1])
        where = [np.flatnonzero(row) for row in rows]
        sparsity = s.SparsityParametersT()
        sparsity.traversalOrder, sparsity.dimMetadata = [0, 1, 2, 3], []
        for size in array.shape[:3]:
            part = s.DimensionMetadataT()
            part.format, part.denseSize = s.DimensionType.DENSE, size
            sparsity.dimMetadata.append(part)
        part = s.DimensionMetadataT()
        part.format = s.DimensionType.SPARSE_CSR
        part.arraySegmentsType = part.arrayIndicesType = s.SparseIndexVector.Int32Vector
        part.arraySegments, part.arrayIndices = s.Int32VectorT(), s.Int32VectorT()
        part.arraySegments.values = np.cumsum([0, *map(len, where)]).astype(np.int32)
        part.arrayIndices.values = np.concatenate(where).astype(np.int32)
        sparsity.dimMetadata.append(part)
        return tensor(array.shape, np.concatenate([row[at] for row, at in zip(rows, where)]), sparsity=sparsity)

    def convolution(x, size, channels, given, stem=False):
        weights = values(channels, *((3, 3) if stem else (1, 1)), given)
        if not stem:
            weights[random.random(weights.shape) < 0.9] = 0
        if sparse and not stem:
            index = add(s.BuiltinOperator.DENSIFY, [csr(weights)], weights.shape, s.BuiltinOptions.DensifyOptions, s.DensifyOptionsT())
        else:
            index = tensor(weights.shape, weights)
        options = s.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = s.Padding.VALID, 1 + stem, 1 + stem
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = s.ActivationFunctionType.RELU
        inputs = [x, index, tensor((channels,), values(channels, scale=0.1))]
        return add(s.BuiltinOperator.CONV_2D, inputs, (1, size, size, channels), s.BuiltinOptions.Conv2DOptions, options)

    x = tensor((1, 32, 32, 3))
    edges = tensor((4, 2), np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32), s.TensorType.INT32)
    y = add(s.BuiltinOperator.PAD, [x, edges], (1, 34, 34, 3), s.BuiltinOptions.PadOptions, s.PadOptionsT())
    y = convolution(y, 16, 32, 3, stem=True)
    y = convolution(convolution(y, 16, 64, 32), 16, 64, 64)
    size = 16
    if pool:
        size, options = 8, s.Pool2DOptionsT()
        options.padding, options.strideH, options.strideW = s.Padding.VALID, 2, 2
        options.filterHeight = options.filterWidth = 2
        y = add(s.BuiltinOperator.MAX_POOL_2D, [y], (1, 8, 8, 64), s.BuiltinOptions.Pool2DOptions, options)
    y = convolution(y, size, 128, 64)
    axes = tensor((2,), np.array([1, 2], np.int32), s.TensorType.INT32)
    y = add(s.BuiltinOperator.MEAN, [y, axes], (1, 128), s.BuiltinOptions.ReducerOptions, s.ReducerOptionsT())
    inputs = [y, tensor((10, 128), values(10, 128)), tensor((10,), values(10, scale=0.1))]
    y = add(s.BuiltinOperator.FULLY_CONNECTED, inputs, (1, 10), s.BuiltinOptions.FullyConnectedOptions, s.FullyConnectedOptionsT())

    graph, model = s.SubGraphT(), s.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [x], [y]
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    for code in codes:
        made = s.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = code, code, 1
        model.operatorCodes.append(made)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    open(path, "wb").write(builder.Output())


write("broken.tflite")
write("whole.tflite", pool=False)
write("dense.tflite", sparse=False)
random = np.random.default_rng(1)
x = random.standard_normal((8, 1, 1, 1, 3)) + random.standard_normal((8, 1, 32, 32, 3))
np.save("x.npy", x.astype(np.float32))
PYTHON
venv/bin/python make.py

cat > run.py <<'PYTHON'
"""A line a file: how far the delegate's outputs are from the runtime's own kernels', over how far inputs move them."""
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

for name in ("broken", "whole", "dense"):
    found = []
    for kernels in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        runtime = Interpreter(f"{name}.tflite", num_threads=1, experimental_op_resolver_type=kernels)
        runtime.allocate_tensors()
        rows = []
        for x in np.load("x.npy"):
            runtime.set_tensor(runtime.get_input_details()[0]["index"], x)
            runtime.invoke()
            rows.append(runtime.get_tensor(runtime.get_output_details()[0]["index"])[0])
        found.append(np.array(rows))
    print(f"{name} {np.abs(found[0] - found[1]).max() / np.ptp(found[1], axis=0).max():.6f}")
PYTHON
echo "ai-edge-litert $(venv/bin/python -c 'import importlib.metadata as m; print(m.version("ai-edge-litert"))'), $("$emulator" --version | head -1)"
venv/bin/python run.py > here.txt 2> here.log || { tail -3 here.log >&2; exit 1; }
"$emulator" -cpu Nehalem venv/bin/python run.py > without.txt 2> without.log || { tail -3 without.log >&2; exit 1; }
echo "largest difference of the default delegate to the runtime's own kernels, over how far an output moves:"
echo "  on this processor:"; sed 's/^/    /' here.txt
echo "  on one without AVX:"; sed 's/^/    /' without.txt

value() { awk -v name="$2" '$1 == name { print $2 }' "$1"; }
is() { awk -v value="$1" "BEGIN { exit !(value $2) }"; }
ok=yes
for name in whole dense; do is "$(value without.txt $name)" "< 0.001" || ok=no; done
is "$(value without.txt broken)" "> 0.05" || ok=no
if grep -qw avx /proc/cpuinfo; then is "$(value here.txt broken)" "< 0.001" || ok=no; fi
[ "$ok" = yes ] && echo "as stated: broken.tflite is wrong without AVX, and right with it" ||
    { echo "it has changed" >&2; exit 1; }
