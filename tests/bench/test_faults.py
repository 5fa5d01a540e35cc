"""Faults in the middle of a benchmark: nothing that was measured is lost, and each is one clear line.

What happens to a copy or to a single program is in tests/deploy/transports: a connection cut in a push, a full disk, a
killed ssh and a killed adb server. A model that kills its runtime is in test_run.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from edgecompress import bundle, devices
from edgecompress.bench.run import bench
from edgecompress.deploy.agent_zip import NAME
from edgecompress.errors import DeviceLostError, RuntimeFailedError


def silent(*told):
    pass


def words(process):
    try:
        return (Path("/proc") / str(process) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def kill_agents(step, root):
    """kill -9 of every agent of this step whose work folder is in ``root``."""
    # The shell that started it has the same words, and is not Python.
    agents = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if {NAME.encode(), step.encode()} <= set(words(folder.name))
        and b"python" in words(folder.name)[0]
        and (folder / "cwd").resolve().is_relative_to(root)
    ]
    assert agents, f"no agent runs {step}"
    for process in agents:
        os.kill(process, signal.SIGKILL)


class Once:
    """Calls something at the first note of a title."""

    def __init__(self, title, action, note=""):
        self.title, self.action, self.note, self.done = title, action, note, False

    def __call__(self, title, done, total, note=""):
        if not self.done and title == self.title and self.note in note:
            self.done = True
            self.action()


@pytest.fixture
def folder(small_bundle, tmp_path):
    return shutil.copytree(small_bundle, tmp_path / "bundle")


@pytest.fixture
def register(monkeypatch, tmp_path):
    """Registers a device in a file of the test's own. It measures the ONNX files: half of them take half as long."""
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")

    def add(address, **more):
        device = devices.Device(name="board", address=address, **{"runtimes": ["onnxruntime"], **more})
        devices.add(device)

    return add


@pytest.fixture
def board(sshd, register):
    register(f"ssh://{sshd.address}", python=sys.executable, folder=str(sshd.root))


def test_a_killed_agent_costs_its_step_and_nothing_that_was_measured(folder, sshd, board):
    timing = Once("latency onnxruntime", lambda: kill_agents("latency", sshd.root), "runs")
    counting = Once("accuracy model.onnx", lambda: kill_agents("accuracy", sshd.root), "%")

    def progress(*told):
        timing(*told)
        counting(*told)

    record, _ = bench(folder, device="board", mode="quick", threads=1, progress=progress)
    assert timing.done
    assert counting.done
    # Killed with both files, it times each alone: the comparison is lost, and no time.
    assert all(file.latency.runs >= 100 and file.memory for file in record.files.values())
    (concern,) = [line for line in record.validity.concerns if "timed each alone" in line]
    assert concern.startswith("dense.onnx, model.onnx: ")
    assert "killed (SIGKILL)" in concern
    assert record.comparisons == []
    # Killed with one file, it costs that file's step.
    (failure,) = record.files["model.onnx"].failures
    assert (failure.step, "killed (SIGKILL)" in failure.message) == ("accuracy", True)
    assert record.files["dense.onnx"].failures == []
    assert record.files["dense.onnx"].accuracy.samples == 100


def goes_on(folder, fault, title):
    """A run that ends with one line, and the same command again: nothing is measured twice."""
    once = Once(title, fault)
    with pytest.raises(DeviceLostError, match="what was measured until now is kept") as error:
        bench(folder, device="board", mode="quick", threads=1, progress=once)
    assert once.done
    assert "\n" not in str(error.value)
    record, path = bench(folder, device="board", mode="quick", threads=1, progress=silent)
    assert [file.failures for file in record.files.values()] == [[]] * 2
    (concern,) = [line for line in record.validity.concerns if "cut off" in line]
    assert "latency of dense.onnx, model.onnx" in concern
    assert list((folder / "bench").iterdir()) == [path]


def test_every_ssh_process_killed(folder, board, children):
    def kill():
        mine = [child for child in children(os.getpid()) if words(child)[0].endswith(b"ssh")]
        assert mine
        for process in mine:
            os.kill(process, signal.SIGKILL)

    goes_on(folder, kill, "accuracy dense.onnx")


@pytest.mark.slow
def test_the_adb_server_killed(folder, adb_devices, register, tmp_path):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    register(f"adb:{adb_devices.start(PATH=path, TMPDIR=str(tmp_path))}")
    goes_on(folder, adb_devices.kill_server, "accuracy dense.onnx")


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of so many kilobytes."""
    mounted = []

    def mount(kilobytes):
        place = tmp_path / "small disk"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(place)]
        if os.getuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("only root may mount a small file system")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk):
    with (disk / "other").open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x" * 4096)


def test_a_boards_disk_that_is_full_in_a_run_costs_what_needs_room(folder, sshd, register, small_disk):
    # Room for the agent and the files of the bundle, and not for what a profiler writes.
    needed = sum((folder / name).stat().st_size for name in ("dense.onnx", "model.onnx", "eval.npz"))
    disk = small_disk(2 * needed // 1024 + 700)
    register(f"ssh://{sshd.address}", python=sys.executable, folder=str(disk / "root"))

    full = Once("profile", lambda: fill(disk))
    record, _ = bench(folder, device="board", mode="quick", threads=1, profile=True, progress=full)
    for file in record.files.values():
        (failure,) = file.failures
        assert (failure.step, "is the disk full" in failure.message) == ("profile", True)
        assert file.latency
        assert file.memory
        assert file.accuracy


@pytest.mark.slow
def test_a_full_disk_here_is_one_line_and_the_same_command_goes_on(folder, small_disk):
    disk = small_disk(4096)
    command = [sys.executable, "-m", "edgecompress", "bench", str(folder), "--mode", "quick", "--threads", "1"]
    command += ["-o", str(disk / "r.json")]
    said = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            said.append(line)
            if line.startswith("latency litert 0/"):
                fill(disk)
    assert process.returncode == 2, said
    assert said[-1].startswith("edgecompress: No space left on device")
    assert not any("Traceback" in line for line in said)
    (disk / "other").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cut off" in done.stdout
    assert [path.name for path in disk.iterdir()] == ["r.json"]


def test_a_python_of_another_architecture_is_one_line(folder, sshd, register, tmp_path):
    # An ELF program for SPARC, up to the end of its header.
    header = b"\x7fELF\x02\x02\x01" + bytes(9) + (2).to_bytes(2, "big") + (43).to_bytes(2, "big") + bytes(44)
    python = tmp_path / "python"
    python.write_bytes(header)
    python.chmod(0o755)
    register(f"ssh://{sshd.address}", python=str(python), folder=str(sshd.root))
    with pytest.raises(RuntimeFailedError, match="does not run there: is it of another architecture") as error:
        bench(folder, device="board", mode="quick")
    assert "\n" not in str(error.value)
    assert not (folder / "bench").exists()


def test_a_bundle_that_was_damaged_is_refused_before_anything_runs(folder):
    content = bytearray((folder / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.tflite").write_bytes(content)
    with pytest.raises(bundle.InputError, match=r"model\.tflite is not the file that build wrote"):
        bench(folder, mode="quick")


# Programs that load it see the date move by an hour from the moment on at which a file is there.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int code = real(clock, now);
  if (clock == CLOCK_REALTIME && !access(getenv("JUMP"), F_OK)) now->tv_sec -= 3600;
  return code;
}
"""


def test_a_clock_that_is_set_back_in_a_run_changes_no_time_and_is_told(folder, register, tmp_path, monkeypatch):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    (tmp_path / "clock.c").write_text(CLOCK)
    library, jump = tmp_path / "clock.so", tmp_path / "jump"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "clock.c"), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    register("local")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("JUMP", str(jump))
    set_back = Once("latency onnxruntime", jump.touch, "runs")
    record, _ = bench(folder, device="board", mode="quick", threads=1, progress=set_back)
    assert jump.exists()
    (concern,) = [line for line in record.validity.concerns if "clock was set" in line]
    assert "back by 3600 s" in concern
    assert not any("clock" in line for line in record.validity.disturbed)
    for file in record.files.values():
        assert file.failures == []
        assert all(0 < sample < 60e9 for sample in file.latency.samples_ns)
        assert 0 < file.latency.seconds < 120
        assert 0 < file.memory.load_ns < 120e9
