#!/usr/bin/env bash
# TensorFlow Lite Micro keeps room in its arena for tensors that no operator reads or makes.
#
# The guess: a tensor that a tool left behind in a .tflite file (a constant that was folded away, the output of a removed operator)
#   costs some bytes of flash for its table, and no RAM: nothing ever computes or reads it. LiteRT gives it none.
# The behaviour: a tensor without data that no operator names is planned like an activation that lives from the first operator to the
#   last. 100,000 bytes of it make the arena that much larger; AllocateTensors fails where the board has not so many.
# Versions: tflite-micro 0.dev20261023182759 on Python 3.11 on x86-64.
# Source: own measurement, after layers were cut into parts and the whole layer's tensor was left in the table.
# Hurt: whoever edits a graph (removes operators, replaces constants) and renumbers nothing, as most scripts do: the model that ran in
#   30 kB asks for 140 kB on the board, and the file shows no reason. Way round: take the tensors out of the table and renumber.
#
# Needs Python with venv and pip, on Linux on x86-64. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
    tflite-micro==0.dev20261023182759 flatbuffers numpy

cat > run.py <<'PYTHON'
"""One ADD of 16 floats, with and without a tensor that nothing names; the arena that the runtime reports."""
import flatbuffers
import numpy as np
from tflite_micro.python.tflite_micro import runtime
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as s

UNUSED = 100_000


def model_of(unused):
    tensors = []
    for size in (16, 16, *([unused // 4] if unused else [])):
        made = s.TensorT()
        made.shape, made.type, made.buffer, made.name = [1, size], s.TensorType.FLOAT32, 0, f"t{len(tensors)}".encode()
        tensors.append(made)
    add = s.OperatorT()
    add.opcodeIndex, add.inputs, add.outputs = 0, [0, 0], [1]
    add.builtinOptionsType, add.builtinOptions = s.BuiltinOptions.AddOptions, s.AddOptionsT()
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.ADD
    code.version = 1
    graph, model = s.SubGraphT(), s.ModelT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [add], [0], [1]
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [s.BufferT()], [code]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


for unused in (0, UNUSED):
    made = runtime.Interpreter.from_bytes(model_of(unused), arena_size=1 << 20)
    made.set_input(np.ones((1, 16), np.float32), 0)
    made.invoke()
    assert np.array_equal(made.get_output(0), np.full((1, 16), 2, np.float32))
    print("bytes of a tensor that nothing names:", unused, flush=True)
    made.print_allocations()
PYTHON

venv/bin/python run.py > said.txt 2>&1
cat said.txt
mapfile -t arenas < <(sed -n 's/.*Arena allocation total \([0-9]*\) bytes.*/\1/p' said.txt)
[ "${#arenas[@]}" -eq 2 ]
[ "$((arenas[1] - arenas[0]))" -ge 99000 ]
echo "as stated: the arena grew by $((arenas[1] - arenas[0])) bytes"
