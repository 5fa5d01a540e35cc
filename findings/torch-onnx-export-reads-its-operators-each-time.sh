#!/usr/bin/env bash
# Each call of torch.onnx.export reads and parses the source of its five hundred operator functions again.
#
# The guess: the table of operators is made by the first export of a process and kept, as modules are; the second export of a small
#   network then costs little more than tracing it.
# The behaviour: the table is kept nowhere. Every export opens the exporter's own Python files, cuts out the source of each function
#   and parses it, only to know its parameters: more than half of the time of a small network's export, whichever it is.
# Versions: torch 2.13.0, onnxscript 0.7.2, onnx 1.23.2, Python 3.11 on x86-64.
# Source: own measurement, counted with Python's profiler.
# Hurt: whoever exports many small networks in one process: an architecture search, a test suite, a service.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv v
v/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 onnxscript==0.7.2 onnx==1.23.2 numpy

v/bin/python - <<'PYTHON'
import cProfile
import logging
import pstats
import sys
import warnings

import onnxscript
import torch

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
network, x = torch.nn.Linear(4, 4).eval(), torch.zeros(1, 4)


def sources_read():
    """How often an export reads the source of a function, and the share of its time that the table takes."""
    profile = cProfile.Profile()
    profile.runcall(torch.onnx.export, network, (x,), dynamo=True, verbose=False)
    calls = {(name, path): (count, seconds) for (path, _, name), (count, _, _, seconds, _) in pstats.Stats(profile).stats.items()}
    read = sum(count for (name, path), (count, _) in calls.items() if name == "getsource" and path.endswith("inspect.py"))
    whole, table = (max(s for (each, _), (_, s) in calls.items() if each == name) for name in ("export", "from_torchlib"))
    return read, table / whole


sources_read()
(second, _), (third, share) = sources_read(), sources_read()
print(f"torch {torch.__version__}, onnxscript {onnxscript.__version__}")
print(f"sources read by the second export of one process: {second}, by the third: {third}")
print(f"the table's share of the third export's time: {share:.0%}")
sys.exit(0 if second == third > 400 else 1)
PYTHON
echo "as stated: the table of operators is made anew at each export"
