"""The files of a bundle in bare runtimes, by programs that know nothing of edgecompress: accuracy recomputed."""

import subprocess
import sys

import numpy as np
import pytest

from edgecompress import bundle
from edgecompress.sources.datasets import load

ONNX = """
import sys
sys.modules["edgecompress"] = None
import numpy as np, onnxruntime
data = np.load(sys.argv[2])
session = onnxruntime.InferenceSession(sys.argv[1])
scores = session.run(None, {session.get_inputs()[0].name: data["x"]})[0]
print(np.mean(scores.argmax(1) == data["y"]))
"""
TFLITE = """
import sys
sys.modules["edgecompress"] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
data = np.load(sys.argv[2])
interpreter = Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
given, wanted = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
right = 0
for x, y in zip(data["x"], data["y"]):
    interpreter.set_tensor(given, np.ascontiguousarray(np.moveaxis(x, 0, -1)[None]))
    interpreter.invoke()
    right += interpreter.get_tensor(wanted).argmax() == y
print(right / len(data["y"]))
"""


@pytest.mark.parametrize("name", ["model.onnx", "dense.onnx", "model.tflite", "dense.tflite"])
def test_a_file_runs_bare_with_the_accuracy_that_the_network_had(small_bundle, tmp_path, name):
    data = load("digits")
    np.savez(tmp_path / "test.npz", x=data.test_x, y=data.test_y)
    program = ONNX if name.endswith(".onnx") else TFLITE
    command = [sys.executable, "-c", program, str(small_bundle / name), str(tmp_path / "test.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = bundle.load(small_bundle)
    expected = manifest.accuracy.dense if name.startswith("dense") else manifest.accuracy.compressed
    # Of all test samples one may lie so near a tie that rounding decides it.
    assert abs(100 * float(done.stdout) - expected) <= 100 / len(data.test_y) + 1e-4
