"""Compressed ONNX files on the oldest, a middle and the newest onnxruntime, each in an environment of its own."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import onnx
import pytest

pytestmark = pytest.mark.slow

TOOLS = Path(__file__).parents[2] / "tools"
CHECK = TOOLS / "check_runtimes.py"

# The oldest that is supported; the last that folded nodes of unknown shape; the newest that pip finds for this Python.
RELEASES = ["onnxruntime==1.20.1", "onnxruntime==1.26.0", "onnxruntime"]


def call(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    done = call(sys.executable, TOOLS / "make_runtime_models.py", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def python(request, tmp_path_factory):
    """The Python of an environment with nothing but NumPy and that onnxruntime."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    options = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--retries=1", "--timeout=20"]
    done = call(folder / "bin" / "python", "-m", "pip", "install", *options, request.param)
    if done.returncode:
        pytest.skip(f"pip cannot install {request.param} here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin" / "python"


@pytest.mark.parametrize("python", RELEASES, indirect=True)
def test_every_file_folds_and_computes_what_the_dense_one_does(python, models):
    done = call(python, CHECK, models)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each for each in found if not each["passed"]] == []
    assert done.returncode == 0, done.stderr
    assert {each["file"] for each in found} == {path.stem for path in models.glob("*.onnx")}


def test_every_file_is_valid_onnx(models):
    for path in models.glob("*.onnx"):
        onnx.checker.check_model(path, full_check=True)


def test_large_kernels_are_decoded_without_a_pass_that_reshapes_them(models):
    model = onnx.load(models / "palette-18-rice2-packed3.onnx")
    unpools = [node for node in model.graph.node if node.op_type == "MaxUnpool"]
    assert {(5,), (3, 3), (1, 3, 3)} <= {tuple(node.attribute[0].ints) for node in unpools}


def without_shapes(model):
    """What onnxruntime 1.27 and later need to fold the decoders."""
    del model.graph.value_info[:]


def with_another_weight(model):
    codebook = next(tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT)
    codebook.raw_data = bytes([codebook.raw_data[0] ^ 1]) + codebook.raw_data[1:]  # the last bit of the first value


def without_a_node(model):
    del model.graph.node[0]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [(without_shapes, "not folded"), (with_another_weight, "differs"), (without_a_node, "ORT_ENABLE_BASIC")],
)
def test_a_file_that_is_not_right_fails(models, tmp_path, damage, fault):
    dense, name = "palette-18", "palette-18-rice2-packed3"  # it has all its weights as outputs
    for file in (f"{dense}.onnx", f"{dense}.npz"):
        shutil.copy(models / file, tmp_path)
    model = onnx.load(models / f"{name}.onnx")
    damage(model)
    onnx.save(model, tmp_path / f"{name}.onnx")
    (tmp_path / "index.json").write_text(json.dumps({dense: [name]}))
    done = call(sys.executable, CHECK, tmp_path)
    assert done.returncode == 1
    sound, damaged = (json.loads(line) for line in done.stdout.splitlines())
    assert sound["passed"]
    assert fault in damaged["faults"][0]
