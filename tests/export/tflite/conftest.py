"""LiteRT in a process of its own, and ONNX models small enough to write by hand.

A malformed file can kill the process that loads it, so files are run by a child, which is started again if it died.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.export.tflite.lowering.model import lower
from edgecompress.export.tflite.writer import serialize

_CHILD = """
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter
for line in sys.stdin:
    folder = line.strip()
    try:
        interpreter = Interpreter(folder + "/model.tflite", num_threads=1)
        interpreter.allocate_tensors()
        inputs = np.load(folder + "/inputs.npz")
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], inputs[detail["name"]])
        interpreter.invoke()
        outputs = {d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()}
        np.savez(folder + "/outputs.npz", **outputs)
        print("ok", flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


class LiteRT:
    """Runs files in a child process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def run(self, folder: Path, data: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of the file ``data``; raises RuntimeError if it cannot be run or kills the process."""
        (folder / "model.tflite").write_bytes(data)
        np.savez(folder / "inputs.npz", **inputs)
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        self._child.stdin.write(f"{folder}\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline().strip()
        if answer != "ok":
            raise RuntimeError(answer or f"the process died with {self._child.wait()}")
        with np.load(folder / "outputs.npz") as outputs:
            return dict(outputs)

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.stdin.close()
            self._child.wait(timeout=20)
            self._child.stdout.close()


@pytest.fixture(scope="session")
def litert() -> Iterator[LiteRT]:
    runtime = LiteRT()
    yield runtime
    runtime.close()


Model = Callable[..., onnx.ModelProto]


@pytest.fixture(scope="session")
def onnx_model() -> Model:
    """Makes a checked model: ``onnx_model(nodes, inputs, constants, outputs=("y",), opset=20)``."""

    def make(
        nodes: Sequence[onnx.NodeProto],
        inputs: dict[str, Sequence[int | str]],
        constants: dict[str, np.ndarray] | None = None,
        outputs: Sequence[str] = ("y",),
        opset: int = 20,
    ) -> onnx.ModelProto:
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
        )
        version = max(4, min(10, opset - 11)) if opset >= 15 else 7
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=version)

    return make


Agree = Callable[..., list[str]]


@pytest.fixture
def agree(litert: LiteRT, tmp_path: Path) -> Agree:
    """Checks that LiteRT computes from the lowered model what onnxruntime computes from the model itself.

    Returns the codes of the operators that the model became.
    """

    def check(model: onnx.ModelProto, *, tolerance: float = 1e-5) -> list[str]:
        random = np.random.default_rng(7)
        shapes = {i.name: [d.dim_value or 1 for d in i.type.tensor_type.shape.dim] for i in model.graph.input}
        inputs = {name: random.normal(0, 2, shape).astype(np.float32) for name, shape in shapes.items()}
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        expected = dict(zip(names, session.run(names, inputs), strict=True))

        graph = lower(ir.from_proto(model))
        found = litert.run(
            tmp_path, serialize(graph, {}), {name: channels_last(array) for name, array in inputs.items()}
        )
        assert sorted(found) == sorted(names)
        for name, array in expected.items():
            want = channels_last(array)
            assert found[name].shape == want.shape
            scale = max(1.0, float(np.abs(want).max()))
            np.testing.assert_allclose(found[name], want, rtol=0, atol=tolerance * scale)
            assert np.ptp(want) > 0, "a constant output proves nothing"
        return [operator.code for operator in graph.operators]

    return check


def channels_last(array: np.ndarray) -> np.ndarray:
    """(N, C, ...) as (N, ..., C)."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))
