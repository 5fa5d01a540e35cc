import importlib.util
import inspect
import re
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import onnx
import pytest

from edgecompress.formats.tflite.lowering.operators import OPERATORS

ROOT = Path(__file__).parents[4]
DOCUMENT = (ROOT / "docs" / "tflite.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z]\w+)` \| .*\| `(test_\w+\.py)` \| (\d+), (\d+) \|$", re.MULTILINE)
ROWS = {name: (test, int(passed), int(refused)) for name, test, passed, refused in ROW.findall(DOCUMENT)}


def test_every_operator_is_an_onnx_one_and_has_the_limits_in_its_docstring():
    for name, function in OPERATORS.items():
        assert onnx.defs.has(name), name
        assert inspect.getdoc(function.func if isinstance(function, partial) else function), name


def test_the_documentation_lists_exactly_the_supported_operators_and_tests_that_name_them():
    assert set(ROWS) == set(OPERATORS)
    for name, (test, _, _) in ROWS.items():
        text = (Path(__file__).parent / test).read_text(encoding="utf-8")
        assert name in text or name.removeprefix("Reduce") in text, f"{test} does not test {name}"


def test_onnx_s_own_tests_of_each_operator_pass_or_are_refused_as_the_documentation_counts():
    path = ROOT / "tools" / "onnx_node_tests.py"
    if not path.is_file():
        pytest.skip("tools/ is not part of what is installed")
    spec = importlib.util.spec_from_file_location("onnx_node_tests", path)
    tool = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tool
    spec.loader.exec_module(tool)
    found = tool.outcomes()
    assert [f"{each.test}: {each.reason}" for each in found if each.result == tool.WRONG] == []
    counts = Counter((each.operator, each.result) for each in found)
    assert sum(each.result == tool.PASSED for each in found) > 300
    if f"onnx {onnx.__version__}" in DOCUMENT:
        produced = {name: (counts[name, tool.PASSED], counts[name, tool.REFUSED]) for name in OPERATORS}
        assert produced == {name: row[1:] for name, row in ROWS.items()}
