import sys

import onnxruntime
import pytest

from edgecompress import devices
from edgecompress.bench.doctor import _emulator, _version, doctor, examine
from edgecompress.bench.machine import Emulation, Frequency, Throttling
from edgecompress.bench.session import session
from edgecompress.devices import Device


@pytest.fixture
def pi(measured):
    """A Raspberry Pi that is in order."""
    conditions = measured[0].before
    clocks = Frequency(governors=["performance"] * 4, current_khz=[1], minimum_khz=[1], maximum_khz=[1])
    return conditions.model_copy(
        update={
            "machine": "aarch64",
            "board": "Raspberry Pi 4 Model B Rev 1.2",
            "cores": 4,
            "load": [0.1, 0.1, 0.1],
            "frequency": clocks,
            "temperatures": {"cpu-thermal": 48.2},
            "throttling": Throttling(now=[], since_boot=[]),
            "disk_free": 10 * 2**30,
            "memory": conditions.memory.model_copy(update={"available": 2**30}),
            "emulation": Emulation(emulated=False, why="no sign"),
        }
    )


def test_a_board_in_order_has_nothing_to_mend(pi):
    found = examine(pi, "rpi4", "ssh")
    assert {each.state for each in found} == {"good"}
    assert not any(each.mend for each in found)


@pytest.mark.parametrize(
    ("update", "subject", "state", "words"),
    [
        ({"throttling": Throttling(now=["under-voltage"], since_boot=[])}, "throttling", "doubtful", "power supply"),
        ({"throttling": Throttling(now=[], since_boot=["throttled"])}, "throttling", "doubtful", "cool it"),
        ({"temperatures": {"gpu": 50.0, "cpu": 81.4}}, "temperature", "doubtful", "81 °C (cpu)"),
        ({"load": [3.0, 1.0, 1.0]}, "load", "doubtful", "stop other programs"),
        ({"disk_free": 100 * 2**20}, "disk", "doubtful", "devices clean"),
        ({"disk_free": 2**20}, "disk", "bad", "1 MiB free"),
        ({"board": "Raspberry Pi 5 Model B"}, "board", "bad", "registered as rpi4"),
        ({"machine": "x86_64"}, "board", "bad", "it is x86_64, and rpi4 is aarch64"),
        ({"board": None}, "board", "bad", "does not say which board"),
        ({"emulation": Emulation(emulated=True, why="TCG")}, "board", "doubtful", "emulated (TCG)"),
        ({"power_mode": "MODE_10W"}, "power mode", "doubtful", "nvpmodel -m 0"),
        ({"power_mode": "MAXN"}, "power mode", "good", "MAXN"),
        ({"temperatures": None}, "temperature", "unknown", "none"),
        ({"frequency": None}, "governor", "unknown", "none"),
    ],
)
def test_what_is_wrong_is_found_with_its_remedy(pi, update, subject, state, words):
    (finding,) = [each for each in examine(pi.model_copy(update=update), "rpi4", "ssh") if each.subject == subject]
    assert finding.state == state
    assert words in f"{finding.found} {finding.mend}"


def test_a_governor_that_saves_power_is_told_with_the_command(pi):
    clocks = pi.frequency.model_copy(update={"governors": ["ondemand", "ondemand"]})
    (finding,) = [
        each for each in examine(pi.model_copy(update={"frequency": clocks}), None, "ssh") if each.subject == "governor"
    ]
    assert (finding.state, finding.found) == ("doubtful", "ondemand")
    assert "scaling_governor" in finding.mend


def test_a_litert_that_computes_noise_from_our_files_is_doubtful():
    """docs/runtimes.md: sparse float16 weights before LiteRT 2.2."""
    for version, state in (("1.4.0", "doubtful"), ("2.1.6", "doubtful"), ("2.2.0", "good"), ("10.0", "good")):
        finding = _version("litert", "ai-edge-litert", version, "edgecompress devices setup x")
        assert (finding.state, bool(finding.mend)) == (state, state == "doubtful")
    assert _version("litert", "tflite-runtime", "2.14.0", "").state == "good"


def test_this_machine_has_all_that_bench_needs():
    found = {each.subject: each for each in doctor(devices.find("local"))}
    for subject in ("connection", "python", "numpy", "psutil", "onnxruntime", "litert"):
        assert found[subject].state == "good", found[subject]


@pytest.mark.parametrize(
    ("there", "state", "words"),
    [
        ((), "doubtful", "none: what TFLite files compute on processors without AVX apt-get install qemu-user-static"),
        (("qemu-x86_64-static",), "doubtful", "qemu 7.2; counting instructions needs a qemu that takes plugins, and"),
        (
            ("qemu-x86_64",),
            "doubtful",
            "qemu 7.2; counting instructions needs a C compiler apt-get install qemu-user gcc",
        ),
        (("qemu-x86_64", "cc"), "good", "qemu 7.2; instructions are counted"),
    ],
)
def test_whether_this_machine_can_emulate_is_told(tmp_path, monkeypatch, there, state, words):
    for name in there:
        (tmp_path / name).write_text("#!/bin/sh\necho qemu 7.2\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = _emulator(devices.find("local"))
    assert finding.state == state
    assert all(word in f"{finding.found} {finding.mend}" for word in words.split())
    assert _emulator(Device(name="b", address="ssh://b")) == []


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this machine has what is missed here"
)
def test_a_board_with_a_gpu_that_its_onnxruntime_does_not_know(sshd):
    board = Device(
        name="x",
        address=f"ssh://{sshd.address}",
        target="jetson-orin",
        python=sys.executable,
        folder=str(sshd.root),
    )
    (finding,) = [each for each in doctor(board) if each.subject == "accelerator"]
    assert finding.state == "doubtful"
    assert "no TensorrtExecutionProvider and no CUDAExecutionProvider; it has" in finding.found
    assert "onnxruntime-gpu" in finding.mend


def test_a_board_that_is_not_reached_or_lacks_python_or_packages(sshd, tmp_path):
    (finding,) = doctor(Device(name="x", address="ssh://127.0.0.1:1"))
    assert (finding.subject, finding.state) == ("connection", "bad")
    address = f"ssh://{sshd.address}"
    _, finding = doctor(Device(name="x", address=address, python="python9", folder=str(sshd.root)))
    assert (finding.subject, finding.state) == ("python", "bad")
    # An interpreter that sees none of the packages.
    bare = tmp_path / "python"
    bare.write_text(f"#!/bin/sh\nexec '{sys.executable}' -S \"$@\"\n")
    bare.chmod(0o755)
    found = {
        each.subject: each
        for each in doctor(Device(name="x", address=address, python=str(bare), folder=str(sshd.root)))
    }
    for subject in ("numpy", "psutil", "onnxruntime", "litert"):
        assert (found[subject].state, found[subject].mend) == ("bad", "edgecompress devices setup x")


def test_a_board_that_is_measured_on_is_left_alone_and_that_is_told(sshd):
    board = Device(name="x", address=f"ssh://{sshd.address}", python=sys.executable, folder=str(sshd.root))
    with session(board):
        (finding,) = doctor(board)
    assert (finding.subject, finding.state) == ("connection", "bad")
    assert finding.found == "x is busy with another run on this machine: wait for its end"
