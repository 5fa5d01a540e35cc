"""Files of this format, from its first writer on: runtimes, and the decoder that its page prints, still decode them.

Each weight is read by a Reshape whose shape is an input, so that the outputs of a file are its weights.
"""

import hashlib
import json
from pathlib import Path
from textwrap import dedent

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from edgecompress.formats.onnx.decoded import decoded_weights

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "onnx"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))


def described(arrays):
    return {
        name: {
            "shape": list(array.shape),
            "dtype": array.dtype.name,
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
        for name, array in arrays.items()
    }


def shapes(file):
    return {f"shape of {name}": np.array(each["shape"], np.int64) for name, each in EXPECTED[file].items()}


@pytest.fixture(scope="module")
def documented():
    """What docs/format.md defines: its indented lines are one module."""
    page = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    names: dict = {}
    exec(dedent("\n".join(line for line in page.splitlines() if line.startswith("    "))), names)
    return names["decoded"]


def test_every_file_has_what_is_expected_of_it():
    assert EXPECTED.keys() == {path.name for path in GOLDEN.glob("*.onnx")}


@pytest.mark.parametrize("file", EXPECTED)
def test_weights_are_decoded(file):
    assert described(decoded_weights(GOLDEN / file)) == EXPECTED[file]


@pytest.mark.parametrize("level", ["ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"])
@pytest.mark.parametrize("file", EXPECTED)
def test_onnxruntime_computes_them(file, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    session = onnxruntime.InferenceSession(GOLDEN / file, options, providers=["CPUExecutionProvider"])
    found = session.run([f"out {name}" for name in EXPECTED[file]], shapes(file))
    assert described(dict(zip(EXPECTED[file], found, strict=True))) == EXPECTED[file]


@pytest.mark.parametrize("file", EXPECTED)
def test_the_reference_implementation_of_onnx_computes_them(file):
    model = onnx.load(GOLDEN / file)
    found = ReferenceEvaluator(model).run([f"out {name}" for name in EXPECTED[file]], shapes(file))
    assert described(dict(zip(EXPECTED[file], found, strict=True))) == EXPECTED[file]


@pytest.mark.parametrize("file", EXPECTED)
def test_the_decoder_that_is_printed_finds_them(documented, file):
    assert described(documented(GOLDEN / file)) == EXPECTED[file]


def test_every_operator_that_is_printed_is_in_a_file():
    page = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    used = {node.op_type for file in EXPECTED for node in onnx.load(GOLDEN / file).graph.node}
    assert all(f'"{name}": ' in page for name in used)
    assert {"MaxUnpool", "Pad", "Slice", "BitwiseAnd", "ConstantOfShape", "ScatterElements", "Less"} <= used
