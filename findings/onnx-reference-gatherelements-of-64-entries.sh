#!/usr/bin/env bash
# onnx's reference evaluator cannot run GatherElements where the axis that is gathered on has 64 entries or more.
#
# The guess: the reference implementation of the standard runs each operator for any size that the standard allows, slowly; and
#   gives what onnxruntime gives.
# The behaviour: with 63 entries it does. From 64 on it ends with "ValueError: Need at least 0 and at most 64 array objects", for a
#   table of one axis and of three, whatever the indices: it gathers by numpy.choose, to which each entry is an array of its own.
# Versions: onnx 1.23.2, numpy 2.4.6, onnxruntime 1.26.0, Python 3.11 on x86-64.
# Source: own measurement. One search of public threads found nothing on this; onnx pull request 8444 (September 2026) replaces the
#   implementation for another reason, indices of smaller shape, and is not in 1.23.2.
# Hurt: whoever takes the reference evaluator for the truth about a graph with lookup tables, as of palettes and codebooks: tests
#   with small tables pass. Gather of a table of one axis is the way round.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.26.0 numpy==2.4.6

cat > gather.py <<'PYTHON'
"""GatherElements of 63 and of 64 entries in both runtimes, of one axis and in the middle of three."""
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

print("onnx", onnx.__version__, "numpy", np.__version__, "onnxruntime", onnxruntime.__version__)
wrong = False
for entries in (63, 64):
    for axis, shape in ((0, [entries]), (1, [2, entries, 3])):
        table = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        taken = [size if place != axis else 5 for place, size in enumerate(shape)]
        places = np.full(taken, entries - 1, np.int64)
        inputs = [
            helper.make_tensor_value_info("table", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("places", TensorProto.INT64, taken),
        ]
        outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, taken)]
        node = helper.make_node("GatherElements", ["table", "places"], ["y"], axis=axis)
        graph = helper.make_graph([node], "gather", inputs, outputs)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        feed, expected = {"table": table, "places": places}, np.take_along_axis(table, places, axis)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        right = np.array_equal(session.run(None, feed)[0], expected)
        try:
            found = "right" if np.array_equal(ReferenceEvaluator(model).run(None, feed)[0], expected) else "wrong"
        except ValueError as error:
            found = f"ValueError: {error}"
        print(f"table {shape}, axis {axis}: onnxruntime {'right' if right else 'wrong'}, reference {found}")
        wrong |= not right or (found == "right") != (entries == 63)
sys.exit(wrong)
PYTHON
venv/bin/python gather.py
echo "as stated: the reference evaluator gathers from 63 entries and not from 64"
