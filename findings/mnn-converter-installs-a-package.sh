#!/usr/bin/env bash
# MNN's converter installs another package into the environment that it runs in, before it reads any file.
#
# The guess: a converter of model files, installed with its own requirements, reads one file and writes another; it needs no network
#   and leaves the environment as it is, so that a pinned one stays what was pinned.
# The behaviour: the command looks for the SDK of a log service (it reports how it is used), and where that is missing runs
#   `pip install -U` of it, unpinned, by whichever pip is first in PATH. The wheel does not name it as a requirement.
# Versions: MNN 3.6.1, onnx 1.19.0, Python 3.11 on x86-64.
# Source: own measurement; a process list on a machine where nobody had asked for that package.
# Hurt: whoever converts in a locked or offline build, or in the environment of another tool: packages that are shared change
#   their versions, and builds on two days differ.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv v
export PATH="$folder/v/bin:$PATH"
python -m pip install --quiet --disable-pip-version-check MNN==3.6.1 onnx==1.19.0 numpy

python - <<'PYTHON'
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

weight = numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w")
x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, c, 8, 8]) for n, c in (("x", 3), ("y", 4)))
graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", [x], [y], [weight])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
PYTHON

python -m pip list --format freeze --disable-pip-version-check | sort > before.txt
mnnconvert -f ONNX --modelFile model.onnx --MNNModel model.mnn --bizCode demo > said.txt 2>&1 || true
python -m pip list --format freeze --disable-pip-version-check | sort > after.txt

echo "MNN $(python -c 'from importlib.metadata import version; print(version("MNN"))')"
echo "new or changed packages after one conversion:"
comm -13 before.txt after.txt | tee new.txt | sed 's/^/  /'
grep -q '^aliyun-log-python-sdk==' new.txt
echo "as stated: the converter installed the SDK of a log service, and what that needs"
