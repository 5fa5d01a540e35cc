import pytest

from edgecompress.sources.numpy_alone import why_not

ALONE = """
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.linalg
from numpy import linalg


def error(outputs: Mapping[str, Any], targets):
    from functools import reduce
    return math.sqrt(reduce(max, linalg.norm(np.asarray(outputs["y"]) - np.asarray(targets), axis=1)))
"""


def of(tmp_path, text):
    (tmp_path / "mine.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    return why_not(tmp_path / "mine.py")


def test_numpy_and_what_computes_in_python_itself_are_on_every_board(tmp_path):
    assert of(tmp_path, ALONE) == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import torch", "mine.py imports torch, and a board has NumPy alone"),
        ("def error(a, b):\n    if a:\n        from torch.nn import functional", "mine.py imports torch.nn, "),
        ("import numpy as np, scipy.stats", "mine.py imports scipy.stats, "),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", "mine.py imports torch, "),
        ("from . import helpers", "mine.py imports ., "),
        ("from .numpy import helpers", "mine.py imports .numpy, "),
        ("import numpy_tools", "mine.py imports numpy_tools, "),
        ("import os", "mine.py imports os, "),
        ("f = __import__", "mine.py uses __import__, and a board has nothing but the outputs and the targets"),
        ("exec('import torch')", "mine.py uses exec, "),
        ("LABELS = open('labels.txt').read()", "mine.py uses open, "),
        ("match 3:\n    case 3: pass", "mine.py is no Python 3.9 in UTF-8 ("),
        ("def error(:", "mine.py is no Python 3.9 in UTF-8 ("),
        (b"# -*- coding: latin-1 -*-\nx = '\xe4'", "mine.py is no Python 3.9 in UTF-8 ("),
        ("x = '\0'", "mine.py is no Python 3.9 in UTF-8 ("),
    ],
)
def test_what_needs_more_is_told_why(tmp_path, text, line):
    said = of(tmp_path, text)
    assert said.startswith(line) and "\n" not in said
