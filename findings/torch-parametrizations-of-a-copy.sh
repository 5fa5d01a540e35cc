#!/usr/bin/env bash
# Making the parametrisations of a deep copy permanent breaks the network that was copied.
#
# The guess: copy.deepcopy of a network gives one that shares nothing with it. remove_parametrizations on the copy, as one
#   does before export to leave the network itself trainable, changes the copy alone.
# The behaviour: a parametrised layer has a class of its own, made for this one layer, and the weight is a property of that
#   class. A deep copy is another object of the same class. Removing the last parametrisation from the copy removes the
#   property from the class, and the original layer has no weight any more: its next forward is an AttributeError.
#   So it is with any parametrisation, weight_norm's and a user's own alike.
# Versions: torch 2.13.0, Python 3.11.
# Source: own measurement.
# Hurt: export and compression tools that work on a copy, and whoever trains on after such an export.
#
# Needs Python with venv and pip. Exits with 0 if it is as said.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy

venv/bin/python - <<'PYTHON'
import copy
import sys

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

print("torch", torch.__version__)
surprises = 0
for name, layer in (
    ("weight_norm", parametrizations.weight_norm(nn.Linear(3, 2))),
    ("a user's own", parametrize.register_parametrization(nn.Linear(3, 2), "weight", nn.Identity())),
):
    twin = copy.deepcopy(layer)
    print(f"{name}: the copy has the class of the original: {type(twin) is type(layer)}")
    layer(torch.ones(1, 3))
    parametrize.remove_parametrizations(twin, "weight")
    print(f"{name}: the copy computes: {twin(torch.ones(1, 3)).shape}")
    try:
        layer(torch.ones(1, 3))
        print(f"{name}: the original computes")
    except AttributeError as error:
        surprises += 1
        print(f"{name}: the original does not: {error}")
sys.exit(0 if surprises == 2 else 1)
PYTHON
