import inspect
from pathlib import Path

from edgecompress.export.tflite.lowering.operators import OPERATORS


def test_every_operator_is_an_onnx_one_and_has_the_limits_in_its_docstring():
    from onnx import defs

    for name, function in OPERATORS.items():
        assert defs.has(name), name
        assert inspect.getdoc(function), name


def test_the_documentation_lists_exactly_the_supported_operators():
    rows = (Path(__file__).parents[4] / "docs" / "tflite.md").read_text(encoding="utf-8").splitlines()
    names = {row.split("`")[1] for row in rows if row.startswith("| `")}
    listed = {name for name in names if name[0].isupper()}  # the table of encodings is in lower case
    assert listed == set(OPERATORS)
