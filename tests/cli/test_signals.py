"""Real commands ended in the middle of their work, by what a terminal, a service manager or the system sends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest

COMMAND = [sys.executable, "-m", "edgecompress"]


@pytest.fixture
def home(tmp_path):
    for name in ("cache", "config", "data", "tmp", "out"):
        (tmp_path / name).mkdir()
    places = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("cache", "config", "data")}
    return tmp_path, {**os.environ, **places, "TMPDIR": str(tmp_path / "tmp"), "OMP_NUM_THREADS": "1"}


def pack(folder):
    """A file whose encoding and proof take seconds."""
    random = np.random.default_rng(1)
    weights = [np.where(random.random((600, 600)) < 0.1, random.normal(size=(600, 600)), 0) for _ in range(16)]
    arrays = [onnx.numpy_helper.from_array(w.astype(np.float32), f"w{i}") for i, w in enumerate(weights)]
    nodes = [onnx.helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]) for i in range(16)]
    ends = [onnx.helper.make_tensor_value_info(name, 1, ["n", 600]) for name in ("x0", "x16")]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], arrays)
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "model.onnx")
    return ["pack", "model.onnx", "-o", "out/small.onnx"]


def build(folder):
    return ["build", "--target", "rpi4", "--model", "ds-cnn", "--data", "digits", "--output", "out/bundle"]


def traces(folder):
    """What a command made for a while: folders and files of its own names, there or in the temporary folder."""
    return [*(folder / "tmp").iterdir(), *(folder / "out").glob(".*")]


def alive(processes):
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    ("command", "number"),
    [
        (pack, signal.SIGTERM),
        (pack, signal.SIGHUP),
        (pack, signal.SIGKILL),
        (build, signal.SIGTERM),
        pytest.param(pack, signal.SIGINT, marks=pytest.mark.slow),
        *(
            pytest.param(build, number, marks=pytest.mark.slow)
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
        ),
    ],
)
def test_a_command_that_is_ended_leaves_nothing_behind(home, command, number):
    folder, environment = home
    started = command(folder)
    running = subprocess.Popen(
        [*COMMAND, *started], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert "Traceback" not in running.stdout.readline()  # it has begun
    until = time.monotonic() + 60
    while not (folder / "out").exists() or (command is pack and not traces(folder)[1:] and time.monotonic() < until):
        time.sleep(0.02)
    time.sleep(0.5)
    assert running.poll() is None, running.stdout.read()
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(number)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130), said
    assert "Traceback" not in said
    _, left = psutil.wait_procs(children, timeout=20)
    assert alive(left) == []
    assert not Path(folder / started[-1]).exists()
    if number == signal.SIGKILL:
        subprocess.run([*COMMAND, "targets"], cwd=folder, env=environment, check=True, capture_output=True)
    assert traces(folder) == []
