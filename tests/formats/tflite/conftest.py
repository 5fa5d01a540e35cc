"""LiteRT in a process of its own, and ONNX models small enough to write by hand.

A malformed file can kill the process that loads it, so files are run by a child, which is started again if it died.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecompress.encode import chunks
from edgecompress.formats.tflite import tables
from edgecompress.formats.tflite.csr import Csr
from edgecompress.formats.tflite.lowering.model import lower
from edgecompress.formats.tflite.schema import schema
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize

_CHILD = """
import json
import sys
import numpy as np
try:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
except ImportError:
    from tflite_runtime.interpreter import Interpreter, OpResolverType
KERNELS = {
    "xnnpack": {},
    "builtin": {"experimental_op_resolver_type": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES},
    "reference": {"experimental_op_resolver_type": OpResolverType.BUILTIN_REF},
}
def run(interpreter, inputs):
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], inputs[detail["name"]])
    interpreter.reset_all_variables()
    interpreter.invoke()
    return {d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()}
def is_computed(interpreter, detail):
    try:
        interpreter.get_tensor(detail["index"])
        return True
    except ValueError:
        return False
for line in sys.stdin:
    job = json.loads(line)
    file = job["folder"] + "/model.tflite"
    try:
        interpreter = Interpreter(file, num_threads=1, **KERNELS[job["kernels"]])
        interpreter.allocate_tensors()
        inputs = np.load(job["folder"] + "/inputs.npz")
        outputs = run(interpreter, inputs)
        if job["overwrite"]:
            with open(file, "r+b") as stream:
                for start, stop in job["overwrite"]:
                    stream.seek(start)
                    stream.write(bytes(stop - start))
            again = run(interpreter, inputs)
            outputs = {name: np.stack([array, again[name]]) for name, array in outputs.items()}
        for name in job["computed"]:
            detail = next(d for d in interpreter.get_tensor_details() if d["name"] == name)
            outputs["computed/" + name] = is_computed(interpreter, detail)
        np.savez(job["folder"] + "/outputs.npz", **outputs)
        print("ok", flush=True)
    except Exception as error:
        print(repr(error), flush=True)
"""


class LiteRT:
    """Runs files in a child process, of this Python or of one that has tflite-runtime."""

    def __init__(self, python: str = sys.executable) -> None:
        self.python = python
        self._child: subprocess.Popen[str] | None = None

    def run(
        self,
        folder: Path,
        data: bytes,
        inputs: dict[str, np.ndarray],
        *,
        kernels: str = "xnnpack",
        overwrite: Sequence[tuple[int, int]] = (),
        computed: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """The outputs of the file ``data``; raises RuntimeError if it cannot be run or kills the process.

        ``overwrite``: run twice, and before the second time fill these spans of the file, which the runtime has mapped
        into memory, with zeros; the outputs are then stacked. ``computed``: say of each of these tensors, as
        ``computed/NAME``, whether the inference filled it.
        """
        (folder / "model.tflite").write_bytes(data)
        np.savez(folder / "inputs.npz", **inputs)
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [self.python, "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        job = {"folder": str(folder), "kernels": kernels, "overwrite": list(overwrite), "computed": list(computed)}
        self._child.stdin.write(json.dumps(job) + "\n")
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


@pytest.fixture(scope="module", params=[chunks.ELEMENTS, 64])
def block_size(request: pytest.FixtureRequest) -> Iterator[None]:
    """Arrays are walked in blocks of the usual size, which hold the arrays of tests whole, and in blocks of a few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ELEMENTS", request.param)
        yield


@pytest.fixture(scope="session")
def litert(tmp_path_factory) -> Iterator[LiteRT]:
    """LiteRT here; or, asked by hand, on the emulated processor that EDGECOMPRESS_TEST_PROCESSOR names."""
    processor = os.environ.get("EDGECOMPRESS_TEST_PROCESSOR")
    python = sys.executable
    if processor:
        from edgecompress.deploy.emulated import emulator, guest, processors

        found = processors.find(processor)
        folder = tmp_path_factory.mktemp(processor)
        python = str(emulator.write_launcher(folder, found, guest.make(found.machine), None))
    runtime = LiteRT(python)
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def old_runtime(tmp_path_factory) -> Iterator[LiteRT]:
    """tflite-runtime 2.14 with numpy 1, in an environment of its own: for slow tests."""
    if sys.version_info >= (3, 12):
        pytest.skip("tflite-runtime 2.14 has no wheel for Python 3.12 or later")
    folder = tmp_path_factory.mktemp("tflite-runtime")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "tflite-runtime==2.14.0", "numpy<2", "psutil"]
    if subprocess.run(install, capture_output=True, check=False).returncode:
        pytest.skip("pip cannot install tflite-runtime 2.14.0 here")
    runtime = LiteRT(python)
    yield runtime
    runtime.close()


class Foreign:
    """A .tflite file as other tools write them: tensors and operators added one by one, by hand."""

    def __init__(self) -> None:
        self.s = schema()
        self.tensors, self.operators, self.codes = [], [], []
        self.buffers = [np.zeros(0, np.uint8)]

    def tensor(self, name, shape, data=None, *, kind="float32", scales=None, sparse=None, buffer=None) -> int:
        """Add a tensor; ``data`` makes it a constant, ``sparse`` (a ``Csr``) a sparse one. Returns its index."""
        if data is not None:
            kind = data.dtype.name
            self.buffers.append(data)
            buffer = len(self.buffers) - 1
        stored = Stored(sparse if sparse is not None else np.zeros(0, kind), scales)
        tensor = tables.weight_tensor(name, shape, stored, buffer or 0)
        tensor.type = getattr(self.s.TensorType, kind.upper())
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, code, inputs, outputs, kind=None, version=1, **options) -> int:
        """Add an operator; ``kind`` and ``options`` are its options table and that table's fields."""
        if (code, version) not in self.codes:
            self.codes.append((code, version))
        self.operators.append(
            self.s.OperatorT(
                opcodeIndex=self.codes.index((code, version)),
                inputs=inputs,
                outputs=outputs,
                builtinOptionsType=getattr(self.s.BuiltinOptions, kind) if kind else 0,
                builtinOptions=getattr(self.s, f"{kind}T")(**options) if kind else None,
            )
        )
        return len(self.operators) - 1

    def weight(self, name, stored: Stored) -> int:
        """Add a constant in a form, and what decodes it; the index of what the network reads."""
        shape = stored.array.shape
        sparse = stored.array if isinstance(stored.array, Csr) else None
        given = self.tensor(name, shape, stored.values, scales=stored.scales, sparse=sparse)
        for step in stored.steps:
            self.tensors.append(tables.decoded_tensor(name + tables.SUFFIXES[step], shape, stored, step))
            made = len(self.tensors) - 1
            kind = {"DENSIFY": "DensifyOptions", "DEQUANTIZE": "DequantizeOptions"}[step]
            self.operator(step, [given], [made], kind, tables.step_version(stored, step))
            given = made
        return given

    def model(self, inputs, outputs, **fields):
        """The ``ModelT``."""
        graph = self.s.SubGraphT(
            tensors=self.tensors, inputs=inputs, outputs=outputs, operators=self.operators, name="main"
        )
        return self.s.ModelT(
            version=3,
            operatorCodes=[tables.operator_code(code, version) for code, version in self.codes],
            subgraphs=[graph],
            description="by hand",
            buffers=[tables.aligned_buffer(data) for data in self.buffers],
            **fields,
        )

    def file(self, inputs, outputs, **fields) -> bytes:
        """The bytes of the file."""
        return tables.serialized(self.model(inputs, outputs, **fields), sum(data.nbytes for data in self.buffers))


@pytest.fixture(scope="session")
def foreign() -> type[Foreign]:
    return Foreign


@pytest.fixture(scope="session")
def payload():
    """A function that finds where in a file the data of the tensor of a name lies: (start, stop)."""

    def find(data: bytes, name: str) -> tuple[int, int]:
        model = schema().Model.GetRootAs(data)
        graph = model.Subgraphs(0)
        tensors = (graph.Tensors(index) for index in range(graph.TensorsLength()))
        buffer = model.Buffers(next(t.Buffer() for t in tensors if t.Name() == name.encode()))
        array = buffer.DataAsNumpy()
        origin = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
        start = array.__array_interface__["data"][0] - origin
        return start, start + len(array)

    return find


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
    return np.ascontiguousarray(np.moveaxis(array, 1, -1)) if array.ndim > 2 else array
