"""Two tiny files of the same linear model, written by hand, and the agent as its users start it."""

import json
import os
import subprocess
import sys

import flatbuffers
import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper

SHAPE = (3, 2, 4)  # channels, height, width
CLASSES = 5


@pytest.fixture(scope="session")
def weights():
    return np.random.default_rng(7).standard_normal((CLASSES, int(np.prod(SHAPE)))).astype(np.float32)


@pytest.fixture(scope="session")
def x():
    return np.random.default_rng(8).standard_normal((20, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="session")
def expected(x, weights):
    """What the model says of x, in double precision."""
    return x.reshape(len(x), -1).astype(np.float64) @ weights.T.astype(np.float64)


def write_onnx(path, weights, batch="N"):
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("Gemm", ["flat", "w"], ["y"], transB=1),
        ],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *SHAPE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, CLASSES])],
        [helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.tobytes(), raw=True)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def write_tflite(path, weights):
    """One FULLY_CONNECTED over an input of (1, height, width, channels): its weights are those, channels last."""
    channels, height, width = SHAPE
    last = np.ascontiguousarray(np.moveaxis(weights.reshape(CLASSES, *SHAPE), 1, -1)).reshape(CLASSES, -1)

    def tensor(name, shape, buffer):
        made = schema.TensorT()
        made.name, made.shape, made.buffer, made.type = name.encode(), list(shape), buffer, schema.TensorType.FLOAT32
        return made

    operator = schema.OperatorT()
    operator.inputs, operator.outputs, operator.opcodeIndex = [0, 1, -1], [2], 0
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor("x", (1, height, width, channels), 1),
        tensor("w", last.shape, 2),
        tensor("y", (1, CLASSES), 1),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [2], [operator]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 1
    buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    buffers[2].data = np.frombuffer(last.tobytes(), np.uint8)
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [graph], [code], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.fixture(scope="session")
def files(tmp_path_factory, weights):
    """Both files: (path, layout)."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "onnx": (write_onnx(folder / "linear.onnx", weights), "channels_first"),
        "tflite": (write_tflite(folder / "linear.tflite", weights), "channels_last"),
    }


@pytest.fixture(params=["onnx", "tflite"])
def file(request, files):
    """One file after the other, as the start of a job."""
    path, layout = files[request.param]
    return {"file": str(path), "layout": layout}


@pytest.fixture
def agent(tmp_path):
    """Run a step in a process of its own. Returns exit code, events and stderr; every line of stdout must be JSON."""

    def run(step, job, command=(sys.executable, "-m", "edgecompress.agent"), environment=None):
        path = tmp_path / "job.json"
        path.write_text(json.dumps(job))
        done = subprocess.run(
            [*command, step, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


@pytest.fixture
def data(tmp_path, x, expected):
    """An npz file with x and the labels that the model gets right, but for the first four."""
    labels = expected.argmax(axis=1)
    labels[:4] = (labels[:4] + 1) % CLASSES
    np.savez(tmp_path / "eval.npz", x=x, y=labels)
    return tmp_path / "eval.npz"
