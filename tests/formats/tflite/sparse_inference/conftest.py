"""Small TFLite graphs of the operators that edge networks have, and LiteRT on a processor without AVX to run them."""

import json
import platform
import shutil
import subprocess
import sys

import numpy as np
import pytest

from edgecompress.formats.tflite import csr
from edgecompress.formats.tflite.graph import Tensor, TfliteGraph, TfliteOperator
from edgecompress.formats.tflite.sparse_inference.emulated import sparse_inference_runs_here
from edgecompress.formats.tflite.weights import Stored
from edgecompress.formats.tflite.writer import serialize
from edgecompress.isolated.process import on_emulated

_CHILD = """
import json
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
BUILTIN = {"experimental_op_resolver_type": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
for line in sys.stdin:
    job = json.loads(line)
    try:
        interpreter = Interpreter(job["file"], num_threads=1, **(BUILTIN if job["builtin"] else {}))
        interpreter.allocate_tensors()
        for number, detail in enumerate(interpreter.get_input_details()):
            noise = np.random.default_rng(number).standard_normal(detail["shape"])
            interpreter.set_tensor(detail["index"], noise.astype(np.float32))
        interpreter.invoke()
        np.savez(job["outputs"], *[interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
        print("ok", flush=True)
    except Exception as error:
        print(" ".join(str(error).split()), flush=True)
"""


def _options(**options):
    return options


class Network:
    """A graph, built an operator at a time; each method returns what its operator computes."""

    def __init__(self, size=16, channels=3, seed=0):
        self.random = np.random.default_rng(seed)
        self.operators = []
        self.sparse = []
        self.input = Tensor("input", (1, size, size, channels))

    def op(self, code, inputs, shape, version=1, **options):
        output = Tensor(f"t{len(self.operators)}", tuple(shape))
        self.operators.append(TfliteOperator(code, inputs, output, options, version))
        return output

    def constant(self, array, compressible=False):
        name = f"c{len(self.operators)}.{self.random.integers(1 << 40)}"
        return Tensor(name, array.shape, array, compressible)

    def numbers(self, *shape):
        return self.constant(self.random.standard_normal(shape).astype(np.float32))

    def weight(self, shape, zeros):
        array = self.random.standard_normal(shape).astype(np.float32)
        array *= np.float32(1 / np.sqrt(np.prod(shape[1:]) * (1 - zeros) + 1))
        array *= self.random.random(shape) >= zeros
        tensor = self.constant(array, compressible=True)
        if zeros:
            self.sparse.append(tensor)
        return tensor

    def pad(self, x, before, after):
        around = (before, after)
        amounts = self.constant(np.array([(0, 0), around, around, (0, 0)], np.int32))
        more = before + after
        return self.op("PAD", [x, amounts], (1, x.shape[1] + more, x.shape[2] + more, x.shape[3]))

    def _window(self, x, kernel, stride, same):
        return tuple(-(-size // stride) if same else (size - kernel) // stride + 1 for size in x.shape[1:3])

    def conv(self, x, outputs, kernel=1, stride=1, same=False, zeros=0.9, act=0):
        options = _options(
            padding=0 if same else 1, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1
        )
        given = [x, self.weight((outputs, kernel, kernel, x.shape[3]), zeros), self.numbers(outputs)]
        shape = (1, *self._window(x, kernel, stride, same), outputs)
        return self.op("CONV_2D", given, shape, fusedActivationFunction=act, **options)

    def depthwise(self, x, kernel=3, stride=1, same=False):
        options = _options(
            padding=0 if same else 1, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1
        )
        given = [x, self.numbers(1, kernel, kernel, x.shape[3]), self.numbers(x.shape[3])]
        shape = (1, *self._window(x, kernel, stride, same), x.shape[3])
        return self.op("DEPTHWISE_CONV_2D", given, shape, depthMultiplier=1, fusedActivationFunction=0, **options)

    def stem(self, before=1, after=1, outputs=8, **options):
        return self.conv(self.pad(self.input, before, after), outputs, 3, 2, zeros=0, act=3, **options)

    def unary(self, code, x):
        return self.op(code, [x], x.shape)

    def both(self, code, x, y):
        return self.op(code, [x, y], x.shape, fusedActivationFunction=0)

    def pool(self, x, code="MAX_POOL_2D"):
        options = _options(padding=1, strideH=2, strideW=2, filterHeight=2, filterWidth=2, fusedActivationFunction=0)
        return self.op(code, [x], (1, x.shape[1] // 2, x.shape[2] // 2, x.shape[3]), **options)

    def join(self, x, y):
        shape = (*x.shape[:3], x.shape[3] + y.shape[3])
        return self.op("CONCATENATION", [x, y], shape, axis=3, fusedActivationFunction=0)

    def mean(self, x, keep=False):
        axes = self.constant(np.array([1, 2], np.int32))
        return self.op("MEAN", [x, axes], (1, 1, 1, x.shape[3]) if keep else (1, x.shape[3]), keepDims=keep)

    def excite(self, x):
        scale = self.conv(self.conv(self.mean(x, keep=True), 4, zeros=0.5, act=1), x.shape[3], zeros=0)
        return self.both("MUL", x, self.unary("LOGISTIC", scale))

    def resize(self, x):
        target = self.constant(np.array([2 * x.shape[1], 2 * x.shape[2]], np.int32))
        shape = (1, 2 * x.shape[1], 2 * x.shape[2], x.shape[3])
        return self.op("RESIZE_BILINEAR", [x, target], shape, alignCorners=False, halfPixelCenters=True)

    def flat(self, x):
        shape = (1, int(np.prod(x.shape)))
        return self.op("RESHAPE", [x, self.constant(np.array(shape, np.int32))], shape, newShape=list(shape))

    def dense(self, x, outputs=5, zeros=0.0):
        given = [x, self.weight((outputs, x.shape[-1]), zeros), self.numbers(outputs)]
        options = _options(weightsFormat=0, keepNumDims=False, asymmetricQuantizeInputs=False)
        return self.op("FULLY_CONNECTED", given, (1, outputs), fusedActivationFunction=0, **options)

    def graph(self, *outputs):
        return TfliteGraph([self.input], list(dict.fromkeys(outputs)), self.operators)

    def file(self, path, *outputs):
        """Write the graph, its sparse weights behind DENSIFY."""
        forms = {tensor: Stored(csr.pack(tensor.data, tensor.data.ndim - 1)) for tensor in self.sparse}
        path.write_bytes(serialize(self.graph(*outputs), forms))
        return path


class LiteRT:
    """LiteRT in a child process, which is started again if a file kills it."""

    def __init__(self, command):
        self._command = command
        self._child = None

    def outputs(self, file, *, builtin=False):
        """The outputs for the same noise each time; a text where LiteRT does not run the file."""
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [*self._command, sys.executable, "-c", _CHILD],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=on_emulated(),
            )  # fmt: skip
        outputs = file.with_suffix(".npz")
        self._child.stdin.write(json.dumps({"file": str(file), "outputs": str(outputs), "builtin": builtin}) + "\n")
        self._child.stdin.flush()
        said = self._child.stdout.readline().strip()
        if said != "ok":
            return said or "the process died"
        with np.load(outputs) as archive:
            return [archive[name] for name in archive.files]

    def close(self):
        if self._child is not None:
            self._child.kill()


@pytest.fixture
def network():
    return Network


@pytest.fixture(scope="session")
def here():
    runtime = LiteRT([])
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def without_avx():
    """LiteRT on a processor without AVX: this one, or an emulated one."""
    command = []
    if not sparse_inference_runs_here():
        emulator = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
        if platform.machine() != "x86_64" or emulator is None:
            pytest.skip("no processor without AVX: install Debian's qemu-user-static")
        command = [emulator, "-cpu", "Nehalem"]
    runtime = LiteRT(command)
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def distance(here, without_avx):
    """How far a file's outputs there are from the builtin kernels', over the largest; infinite: it does not load."""

    def measure(file):
        expected, produced = here.outputs(file, builtin=True), without_avx.outputs(file)
        assert not isinstance(expected, str), expected
        if isinstance(produced, str):
            return float("inf")
        return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, produced, strict=True))

    return measure


@pytest.fixture
def drawn(network):
    """Draw a network of the shapes that edge networks have, and of others; its outputs."""

    def draw(seed):
        net = network(size=int(np.random.default_rng(seed).choice([16, 17])), seed=seed)
        random, x, outputs = np.random.default_rng(seed), net.stem(), []
        blocks = {
            "point": lambda x: net.conv(
                x, 16, zeros=float(random.choice([0, 0.9, 0.9])), act=int(random.choice([0, 3]))
            ),
            "depthwise": lambda x: net.depthwise(x, same=True),
            "padded": lambda x: net.depthwise(net.pad(x, 1, 1), stride=2),
            "trimmed": lambda x: net.depthwise(net.pad(x, 1, 0), stride=2),
            "same": lambda x: net.depthwise(x, stride=2, same=True),
            "wide": lambda x: net.depthwise(net.pad(x, 2, 2), 5),
            "pool": net.pool,
            "average": lambda x: net.pool(x, "AVERAGE_POOL_2D"),
            "residual": lambda x: net.both("ADD", x, net.conv(x, x.shape[3])),
            "product": lambda x: net.both("MUL", x, net.conv(x, x.shape[3])),
            "excite": net.excite,
            "known": lambda x: net.unary(str(random.choice(["RELU", "RELU6", "HARD_SWISH", "LOGISTIC"])), x),
            "other": lambda x: net.unary(str(random.choice(["ABS", "ELU", "SQUARE"])), x),
            "join": lambda x: net.join(x, net.conv(x, 8)),
            "dense": lambda x: net.conv(x, 16, 3, same=True, zeros=0),
            "shift": lambda x: net.both("ADD", x, net.numbers(x.shape[3])),
            "resize": net.resize,
        }
        for name in random.choice(list(blocks), int(random.integers(1, 6))):
            if x.shape[1] > 3 or name in ("point", "residual", "known", "other", "shift"):
                x = blocks[name](x)
            if random.random() < 0.05:
                outputs.append(x)
        ends = [
            lambda: net.dense(net.mean(x)),
            lambda: net.dense(net.mean(x, keep=True)),
            lambda: net.flat(net.conv(net.mean(x, keep=True), 5)),
            lambda: net.dense(net.mean(net.conv(x, 16))),
            lambda: (outputs.append(net.mean(x)), net.conv(x, 5))[1],
        ]
        outputs.insert(0, ends[int(random.integers(len(ends)))]())
        return net, outputs

    return draw
