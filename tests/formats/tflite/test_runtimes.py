import itertools
import json
import os
import subprocess

import numpy as np
import pytest

from edgecompress.errors import InputError
from edgecompress.formats.tflite import csr, runtimes
from edgecompress.formats.tflite.runtimes import LITERT, TFLITE_RUNTIME
from edgecompress.formats.tflite.scales import quantize
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored

ARRAY = np.random.default_rng(0).normal(size=(16, 24)).astype(np.float32)
HALF = Stored(csr.pack(ARRAY.astype(np.float16), 1))
X = {"x": np.ones((1, 24), np.float32)}


def _dense(build, stored, *, version=1, activation=0, code="FULLY_CONNECTED"):
    x, y = build.tensor("x", (1, 24)), build.tensor("y", (1, 16))
    options = {"fusedActivationFunction": activation} if code == "FULLY_CONNECTED" else {}
    kind = "FullyConnectedOptions" if code == "FULLY_CONNECTED" else None
    build.operator(code, [x, build.weight("w", stored), -1], [y], kind, version, **options)
    return build.file([x], [y])


def _hybrid(scales=slice(None)):
    integers, found = quantize(ARRAY, 0)
    return Stored(integers, type(found)(found.values[scales]), hybrid=True)


@pytest.fixture
def told(tmp_path):
    def tell(data):
        path = tmp_path / "told.tflite"
        path.write_bytes(data)
        return runtimes.runtimes(path)

    return tell


# What is written, and whether each runtime computes it: the slow test below asks them.
CASES = {
    "float32": (Stored(ARRAY), {}, (LITERT, TFLITE_RUNTIME)),
    "float16": (Stored(ARRAY.astype(np.float16)), {}, (LITERT, TFLITE_RUNTIME)),
    "int8 per channel": (Stored(*quantize(ARRAY, 0)), {}, (LITERT, TFLITE_RUNTIME)),
    "csr-float16": (HALF, {}, (LITERT, TFLITE_RUNTIME)),
    "csr-int8 per channel": (
        Stored(csr.pack(quantize(ARRAY, 0)[0], 1), quantize(ARRAY, 0)[1]), {}, (LITERT, TFLITE_RUNTIME),
    ),
    "hybrid, one scale": (_hybrid(slice(1)), {"version": 3}, (LITERT, TFLITE_RUNTIME)),
    "hybrid per channel": (_hybrid(), {"version": 12}, (LITERT,)),
    "hybrid per channel, old version": (_hybrid(), {"version": 1}, (LITERT,)),
    "an operator of later": (Stored(ARRAY), {"version": 11}, (LITERT,)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_the_runtimes_of_each_form(told, foreign, name):
    stored, options, expected = CASES[name]
    assert told(_dense(foreign(), stored, **options)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CASES))
def test_the_runtimes_named_compute_it_and_the_other_does_not(litert, old_runtime, tmp_path, foreign, name):
    stored, options, expected = CASES[name]
    data = _dense(foreign(), stored, **options)
    want = stored.decoded() @ X["x"][0]
    for runtime, child in ((LITERT, litert), (TFLITE_RUNTIME, old_runtime)):
        try:
            found = child.run(tmp_path, data, X)["y"][0]
            right = bool(np.abs(found - want).max() < 0.05 * np.abs(want).max())
        except RuntimeError:
            right = False
        assert right == (runtime in expected)


def test_no_runtime_is_named_for_what_none_computes(told, foreign):
    assert told(_dense(foreign(), Stored(ARRAY), code="CUSTOM")) == ()
    assert told(_dense(foreign(), HALF, activation=4)) == ()  # a fused TANH


def test_types_of_later_need_the_later_runtime(told, foreign):
    build = foreign()
    x, y = build.tensor("x", (1, 24)), build.tensor("y", (1, 24))
    build.operator("CAST", [x], [y], "CastOptions")
    assert told(build.file([x], [y])) == (LITERT, TFLITE_RUNTIME)
    build.tensors[y].type = schema().TensorType.BFLOAT16
    assert told(build.file([x], [y])) == (LITERT,)


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="absent"):
        runtimes.runtimes(tmp_path / "absent.tflite")


_ASK = """
import json
import os
import sys
from tflite_runtime.interpreter import Interpreter
latest = {}
for name in os.listdir(sys.argv[1]):
    code, version = name.split("-")
    try:
        Interpreter(os.path.join(sys.argv[1], name))
    except ValueError as error:
        if "Didn't find op" in str(error) or "Registration failed" in str(error):
            continue
    latest[code] = max(latest.get(code, 0), int(version))
print(json.dumps(latest))
"""


@pytest.mark.slow
def test_the_table_of_versions_is_what_tflite_runtime_registers(old_runtime, tmp_path, foreign):
    codes = {name: number for name, number in vars(schema().BuiltinOperator).items() if isinstance(number, int)}
    not_operators = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"}
    folder = tmp_path / "files"
    folder.mkdir()
    for code, version in itertools.product(sorted(set(codes) - not_operators), range(1, 13)):
        build = foreign()
        build.operator(code, [], [], version=version)
        (folder / f"{code}-{version}").write_bytes(build.file([], []))
    asked = subprocess.run(
        [old_runtime.python, "-c", _ASK, folder], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert json.loads(asked.stdout) == runtimes._LATEST_VERSION
