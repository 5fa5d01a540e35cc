"""Small bundles, built once for all tests that read one, from one training; real sshd, adb client and PostgreSQL."""

import gc
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from .once import once
from .postgres import database, postgres  # noqa: F401 - fixtures

SMALL = (
    "width=0.25",
    "train.epochs=6",
    "prune.epochs=3",
    "retrain.epochs=2",
    "cluster.epochs=1",
)


# Tests do not time: on a busy machine any example can be a slow one.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Files whose tests share nothing: one test after the other goes to whichever process is free.
SPREAD = ("tests/export/test_architectures.py",)


# Half a minute and more: they begin before all others, so that no process ends long after the other.
FIRST = (
    "tests/end_to_end/test_board.py",
    "tests/end_to_end/test_arm64.py",
    "tests/workflows/test_build.py",
    "tests/workflows/test_search.py",
    "tests/workflows/test_lead.py",
    "tests/study/engines/test_ray.py",
    "tests/cli/test_study.py",
    "tests/bench/test_faults.py",
    "tests/cli/test_build.py",
    "tests/cli/test_bench.py",
    "tests/bench/test_several.py",
    "tests/bench/test_over_ssh.py",
    "tests/architecture/test_docs.py",
    "tests/architecture/test_notebook.py",
    "tests/workflows/test_model_files.py",
    "tests/formats/test_third_format.py",
    "tests/deploy/test_provision.py",
    "tests/library/test_running.py",
)


class BySharedFixtures(LoadFileScheduling):
    """Tests of a file stay in one process, which makes their fixtures once, but for those of ``SPREAD``.

    After ``FIRST`` files follow by their number of tests.
    """

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return nodeid if file in SPREAD else file

    def _assign_work_unit(self, node):
        for file in FIRST:
            if file in self.workqueue:
                self.workqueue.move_to_end(file, last=False)
                break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config, log):
    return BySharedFixtures(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish():
    """Leave what is there for all tests out of every search for garbage: a few per cent of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_store():
    """No test writes into the store of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGECOMPRESS_STORE", "none")
        yield


@pytest.fixture(autouse=True)
def own_path(monkeypatch):
    """No test finds the modules of another's folder: whoever calls a function of the user's searches its folder."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture(scope="session")
def small_cache(tmp_path_factory) -> Path:
    """Where the stages of the small bundles are kept."""
    return once(tmp_path_factory, "cache", Path.mkdir)


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory, small_cache) -> Path:
    """AlexNet at a quarter of its width on the embedded digits, for ``host``. Read it, do not change it."""

    def make(folder):
        build_small(small_cache, folder, SMALL, eval_samples=100)

    return once(tmp_path_factory, "small", make)


@pytest.fixture(scope="session")
def int8_bundle(tmp_path_factory, small_bundle, small_cache) -> Path:
    """The same networks with int8 files of both, and the whole test set in ``eval.npz``. Read it, do not change it."""

    def make(folder):
        build_small(small_cache, folder, (*SMALL, "export.int8=true", 'export.int8_of=["dense", "compressed"]'))

    return once(tmp_path_factory, "int8", make)


@pytest.fixture(scope="session")
def micro_bundle(tmp_path_factory, small_bundle, small_cache) -> Path:
    """The same networks for a microcontroller with an Ethos-U85. Read it, do not change it."""
    pytest.importorskip("tflite_micro")
    pytest.importorskip("ethosu")

    def make(folder):
        board = {"target": "ethos-u85-256", "recipe": "alexnet-digits"}  # the recipe of the other bundles
        build_small(small_cache, folder, SMALL, eval_samples=100, **board)

    return once(tmp_path_factory, "micro", make)


MASKS = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Masks(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen, self.mask, self.area = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 3, 1), nn.Linear(8, 2)

    def forward(self, x):
        seen = self.seen(x).relu()
        return {"mask": self.mask(seen), "area": (self.area(seen.mean((2, 3))),)}


def make():
    torch.manual_seed(0)
    return Masks()


def data():
    x = np.random.default_rng(0).normal(size=(120, 1, 6, 5)).astype("float32")
    return {"x": x, "y": np.concatenate([x, 2 * x, -x], axis=1)}


def loss(outputs, targets):
    return functional.mse_loss(outputs["mask"], targets) + 0 * outputs["area"][0].sum()
"""
MASKS_ERROR = """
import numpy as np


def error(outputs, targets):
    assert isinstance(outputs["area"], tuple) and outputs["area"][0].shape == (len(targets), 2)
    return np.abs(np.asarray(outputs["mask"]) - np.asarray(targets)).mean()
"""


@pytest.fixture(scope="session")
def masks_bundle(tmp_path_factory) -> Path:
    """A network of one's own that says masks and numbers, judged by ``error``, of NumPy alone. Do not change it.

    The functions are in two files beside it.
    """

    def make(folder):
        from edgecompress.progress import silent
        from edgecompress.workflows.build import build_bundle
        from edgecompress.workflows.request import Request

        source = folder.parent / f"{folder.name}_own_masks.py"
        source.write_text(MASKS)
        of_numpy = folder.parent / f"{folder.name}_own_error.py"
        of_numpy.write_text(MASKS_ERROR)
        stage = "{epochs=3,learning_rate=0.01,batch_size=32}"
        changes = (f"train={stage}", f"retrain={stage}", "prune.epochs=1", "cluster.epochs=0", "prune.sparsity=0.5")
        own = {name: f"{source}:{each}" for name, each in (("model", "make"), ("data", "data"), ("loss", "loss"))}
        request = Request(
            target="host", changes=changes, output=folder, cache_dir=folder.parent / f"{folder.name}-cache",
            metric=f"{of_numpy}:error", better="lower", **own,
        )  # fmt: skip
        build_bundle(request, progress=silent, warn=pytest.fail)

    return once(tmp_path_factory, "masks", make)


def build_small(cache, folder, changes, **more):
    from edgecompress.progress import silent
    from edgecompress.workflows.build import build_bundle
    from edgecompress.workflows.request import Request

    request = Request(**{"target": "host", **more}, changes=changes, output=folder, cache_dir=cache)
    build_bundle(request, progress=silent, warn=pytest.fail)


def ssh_with(folder):
    """A folder ``bin`` whose ssh, where it comes first in PATH, gives the real one the configuration in ``folder``.

    By itself ssh looks for the user's in the home folder of the password database, which no environment variable moves.
    """
    real, shim = shutil.which("ssh"), folder / "bin" / "ssh"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n[ "$1" = -F ] && exec {real} "$@"\nexec {real} -F \'{folder}/config\' "$@"\n')
    shim.chmod(0o755)
    return shim.parent


class Sshd:
    """Debian's sshd on a port of loopback, with keys, configuration and known hosts of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root with space"
        self.program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        self.port = free_port()
        for name in ("host", "other_host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.know("host")
        self.configure()
        ssh_with(folder)
        self.process = None

    @property
    def address(self):
        return f"board:{self.port}"

    def configure(self, **options):
        lines = {
            "HostName": "127.0.0.1",
            "IdentityFile": f'"{self.folder}/user"',
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": f'"{self.folder}/known_hosts"',
            "GlobalKnownHostsFile": "none",
            "HostKeyAlias": "board",
            **options,
        }
        text = "".join(f"  {name} {value}\n" for name, value in lines.items())
        (self.folder / "config").write_text(f"Host board\n{text}")

    def know(self, key):
        """Let the client know this key as the board's; none: no key at all."""
        public = (self.folder / f"{key}.pub").read_text() if key else ""
        (self.folder / "known_hosts").write_text(f"board {public}" if key else "")

    def start(self):
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        settings = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
        }
        (self.folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        command = [self.program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self.process = subprocess.Popen(command, stderr=(self.folder / "log").open("w"))
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def cut(self):
        """Break every connection, as a board that restarts does."""
        for child in children(self.process.pid):
            for process in (*children(child), child):
                # The shells that it started live on: they are to notice by themselves.
                if "sshd" in name_of(process):
                    os.kill(process, signal.SIGKILL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.cut()
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def sshd_once(tmp_path_factory):
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not program or not shutil.which("ssh"):
        pytest.skip("no sshd here: apt install openssh-server")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sshd(sshd_once, monkeypatch):
    """A running sshd that knows the user, and a user who knows it, whatever the test before did."""
    monkeypatch.setenv("PATH", f"{sshd_once.folder}/bin:{os.environ['PATH']}")
    sshd_once.know("host")
    sshd_once.configure()
    return sshd_once


PORTS = 1000  # of each test process, from 20,000 on: systems give no such port to an outgoing connection


def free_port():
    """A port that nobody has, and that no other test process takes before it is used, or while a board is restarted."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + PORTS * (worker % 12)
    for port in random.sample(range(first, first + PORTS), PORTS):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"none of the ports from {first} on is free")


def children(process):
    """The numbers of a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def name_of(process):
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


@pytest.fixture(name="free_port", scope="session")
def free_port_fixture():
    return free_port


@pytest.fixture(name="ssh_with", scope="session")
def ssh_with_fixture():
    return ssh_with


@pytest.fixture(name="children")
def children_fixture():
    return children


ADB_DEVICE = Path(__file__).parents[1] / "tools" / "adb_device"


class AdbDevices:
    """The real adb client and a server of the tests' own, with devices of tools/adb_device; ``start`` gives serials."""

    def __init__(self):
        self._running = {}

    def start(self, *options, connect=True, command=(sys.executable, ADB_DEVICE), **environment):
        process = subprocess.Popen(
            [*map(str, command), *options],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        serial = f"127.0.0.1:{int(process.stdout.readline())}"
        self._running[serial] = process
        if connect:
            self.adb("connect", serial)
        return serial

    def stop(self, serial):
        """The device dies and stays listed, as one whose cable was pulled in the middle of a word."""
        process = self._running.pop(serial)
        process.kill()
        process.wait()
        process.stdout.close()

    def close(self):
        for serial in list(self._running):
            self.stop(serial)
            self.adb("disconnect", serial)

    @staticmethod
    def adb(*arguments):
        """Call the client."""
        return subprocess.run(["adb", *arguments], capture_output=True, text=True, timeout=60, check=False)

    @staticmethod
    def kill_server():
        """kill -9, as a crash or the out-of-memory killer would."""
        port = os.environ["ANDROID_ADB_SERVER_PORT"]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"fork-server" in words and f"tcp:{port}".encode() in words:
                os.kill(int(folder.name), signal.SIGKILL)
                return
        raise AssertionError("there is no adb server")


@contextmanager
def adb_server(home):
    """An adb server on a port of its own: never the user's server, keys or choice of device."""
    if shutil.which("adb") is None:
        pytest.skip("no adb here: apt install adb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
        patch.setenv("HOME", str(home))
        patch.delenv("ANDROID_SERIAL", raising=False)
        patch.delenv("ADB_SERVER_SOCKET", raising=False)
        devices = AdbDevices()
        try:
            yield devices
        finally:
            devices.close()
            devices.adb("kill-server")


@pytest.fixture(scope="session")
def adb_devices_once(tmp_path_factory):
    """Devices that stay for all tests."""
    with adb_server(tmp_path_factory.mktemp("adb-home")) as devices:
        yield devices


@pytest.fixture
def adb_devices(adb_devices_once):
    """Devices that are gone after the test."""
    devices = AdbDevices()
    yield devices
    devices.close()


@pytest.fixture
def adb_server_apart(tmp_path):
    """A server that knows no device of other tests."""
    with adb_server(tmp_path) as devices:
        yield devices


@pytest.fixture(scope="session")
def killer():
    """A TFLite file whose graph calls itself without end: LiteRT dies of its stack, with SIGSEGV."""
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name, shape, buffer, kind):
        made = schema.TensorT()
        made.name, made.shape, made.buffer, made.type = name.encode(), shape, buffer, kind
        return made

    def graph():
        made = schema.SubGraphT()
        made.tensors = [
            tensor("x", [1, 8, 8, 1], 1, schema.TensorType.FLOAT32),
            tensor("condition", [1], 2, schema.TensorType.BOOL),
            tensor("y", [1, 8, 8, 1], 1, schema.TensorType.FLOAT32),
        ]
        operator = schema.OperatorT()
        operator.inputs, operator.outputs, operator.opcodeIndex = [1, 0], [2], 0
        operator.builtinOptionsType = schema.BuiltinOptions.IfOptions
        operator.builtinOptions = schema.IfOptionsT()
        operator.builtinOptions.thenSubgraphIndex = operator.builtinOptions.elseSubgraphIndex = 1
        made.inputs, made.outputs, made.operators = [0], [2], [operator]
        return made

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.IF
    code.version = 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph(), graph()], [code]
    model.buffers = [schema.BufferT() for _ in range(3)]
    model.buffers[2].data = np.array([1], np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture
def make_wheel():
    """Writes a wheel with one module of its name, and with a checksum that is wrong where that is asked for."""
    import base64
    import hashlib
    import zipfile

    def make(folder, name, version="1.0", tag="py3-none-any", *, wrong=False, extra=()):
        stem, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
        files = {
            f"{stem}.py": f"version = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
            **dict(extra),
        }
        record = ""
        for path, text in files.items():
            digest = (
                base64.urlsafe_b64encode(hashlib.sha256(text.encode() + b"!" * wrong).digest()).rstrip(b"=").decode()
            )
            record += f"{path},sha256={digest},{len(text)}\n"
        folder.mkdir(parents=True, exist_ok=True)
        wheel = folder / f"{stem}-{version}-{tag}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                archive.writestr(path, text)
        return wheel

    return make


@pytest.fixture
def index(tmp_path, monkeypatch, make_wheel):
    """A folder that pip takes for its only index: wheels that any machine takes, and one for 64-bit Arm alone."""
    folder = tmp_path / "index"
    for name in ("numpy", "psutil", "onnxruntime"):
        make_wheel(folder, name)
    make_wheel(folder, "tflite-runtime", tag="cp311-cp311-manylinux2014_aarch64")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture(scope="session")
def measured(small_bundle, tmp_path_factory):
    """A copy of the small bundle, measured in mode quick: (record, its file, the bundle's folder)."""
    from edgecompress.bench.run import bench

    folder = shutil.copytree(small_bundle, tmp_path_factory.mktemp("measured") / "bundle")
    said = []
    record, path = bench(folder, mode="quick", threads=1, progress=lambda *told: said.append(told))
    assert said
    return record, path, folder


@pytest.fixture(scope="session")
def micro_record(tmp_path_factory):
    """A micro-benchmark of a small network for a Raspberry Pi 4, really measured on this machine."""
    from edgecompress.advise.records import MicroRecord

    def make(path):
        from edgecompress import target
        from edgecompress.advise import subject
        from edgecompress.advise.measure import measure
        from edgecompress.progress import silent

        network, board = subject.identity("alexnet", "digits", 0.125), target.load("rpi4")
        made = measure("alexnet", network, board, device="local", mode="quick", threads=1, progress=silent)
        path.write_text(made.to_json(), encoding="utf-8")

    return MicroRecord.from_file(once(tmp_path_factory, "micro.json", make))
