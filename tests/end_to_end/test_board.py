"""A whole emulated board: set up, measured on, cut off from its power, filled to the last block, and switched off."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.manifest import Manifest

from ..conftest import MASKS, MASKS_ERROR

TOOLS = Path(__file__).parents[2] / "tools" / "arm64"
FILES = {"dense.onnx", "model.onnx", "dense.tflite", "model.tflite"}
LONGEST = 3600  # seconds; a board is emulated in a minute or in many, as busy as this machine is


class Board:
    """tools/arm64/board with a disk of its own, and a user who has registered it as ``virtual``."""

    def __init__(self, folder, image, port, path):
        self.folder, self.image, self.port, self.disk = folder, image, port, folder / "disk.ext4"
        self.address = f"ssh://root@127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "PATH": f"{path}:{os.environ['PATH']}",
            "XDG_CONFIG_HOME": str(folder / "config home"),
            "XDG_CACHE_HOME": str(folder / "cache home"),
            "COLUMNS": "200",
        }
        options = {
            "IdentityFile": image / "key",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": image / "known_hosts",
            "HostKeyAlias": "board",
        }
        lines = "".join(f'  {name} "{value}"\n' for name, value in options.items())
        (folder / "config").write_text(f"Host 127.0.0.1\n{lines}")

    def start(self):
        command = [sys.executable, TOOLS / "board", self.image, self.disk, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == f"{self.address}\n"

    def cut_power(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        end = time.monotonic() + 30
        while self.emulators() and time.monotonic() < end:
            time.sleep(0.1)
        assert not self.emulators()

    def switch_off(self):
        """End the tool as a service is ended. Its exit code."""
        self.process.terminate()
        return self.process.wait()

    def emulators(self):
        """The processes that have this disk."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"qemu-system-aarch64") and any(str(self.disk).encode() in word for word in words):
                found.append(int(folder.name))
        return found

    def begin(self, *arguments):
        """Start a command of edgecompress."""
        command = [sys.executable, "-m", "edgecompress", *map(str, arguments)]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments, code=0):
        """Run one to its end. What it printed, or for another ``code`` than 0 its one line."""
        return self.end(self.begin(*arguments), code)

    def end(self, begun, code=0):
        output, errors = begun.communicate(timeout=LONGEST)
        assert begun.returncode == code, output + errors
        assert "Traceback" not in errors
        if not code:
            return output
        (line,) = [line for line in errors.splitlines() if line.startswith("edgecompress: ")]
        return line

    def there(self, script):
        """Run a script on the board."""
        command = ["ssh", "-p", str(self.port), "root@127.0.0.1", script]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def board(tmp_path_factory, ssh_with, free_port):
    if os.getuid() != 0:
        pytest.skip("only root may make a root file system")
    for program in ("mmdebstrap", "arch-test", "qemu-aarch64-static", "qemu-system-aarch64", "fdtput"):
        if shutil.which(program) is None:
            pytest.skip(
                f"no {program} here: apt install mmdebstrap arch-test qemu-user-static qemu-system-arm "
                "device-tree-compiler"
            )
    folder = tmp_path_factory.mktemp("board")
    subprocess.run([TOOLS / "board_image", folder / "image"], check=True, stdout=subprocess.DEVNULL)
    made = Board(folder, folder / "image", free_port(), ssh_with(folder))
    try:
        made.start()
        yield made
    finally:
        made.process.kill()
        made.process.wait()


@pytest.fixture(scope="module")
def ready(board):
    """Registered and set up, and cut off from its power at once."""
    board.run("devices", "add", "virtual", board.address, "--target", "rpi4")
    assert "virtual: installed" in board.run("devices", "setup", "virtual", "--offline")
    board.cut_power()
    board.start()
    return board


@pytest.mark.slow
def test_a_board_that_was_not_set_up_is_told_how(board, small_bundle):
    board.run("devices", "add", "bare", board.address, "--target", "rpi4")
    line = board.run("bench", small_bundle, "--device", "bare", "--mode", "quick", code=4)
    assert "bare has no numpy and no onnxruntime or litert: edgecompress devices setup bare" in line
    board.run("devices", "remove", "bare")


@pytest.mark.slow
def test_what_was_installed_outlives_a_power_cut(ready):
    assert "virtual: there already" in ready.run("devices", "setup", "virtual", "--offline")
    environment = "$HOME/.cache/edgecompress/environment"
    assert ready.there(f"find {environment} -name '*.so*' -size 0; cat {environment}/installed.json").startswith("{")


@pytest.mark.slow
def test_the_doctor_says_that_it_is_emulated(ready):
    found = {each["subject"]: each for each in json.loads(ready.run("doctor", "--device", "virtual", "--json"))}
    assert found["board"]["found"].startswith("Raspberry Pi 4 Model B Rev 1.4, emulated (")
    assert [found[name]["state"] for name in ("numpy", "psutil", "onnxruntime", "litert")] == ["good"] * 4


@pytest.mark.slow
def test_from_a_bundle_to_a_report_without_times(ready, small_bundle, tmp_path):
    record = tmp_path / "record.json"
    command = ("bench", small_bundle, "--device", ready.address, "--mode", "quick", "--output", record)
    rows = list(csv.DictReader(ready.run(*command, "--report", "csv").splitlines()))
    assert {row["file"] for row in rows} == FILES
    assert {(row["taken"], row["p50_ns"], row["load_ns"]) for row in rows} == {("emulated", "", "")}
    measured = BenchRecord.from_file(record)
    assert (measured.taken, measured.device.is_target) == ("emulated", False)
    assert "these figures are of an emulated Raspberry Pi 4 Model B" in measured.device.note
    assert (measured.before.machine, set(measured.files)) == ("aarch64", FILES)
    for file in measured.files.values():
        assert file.latency
        assert not file.failures
    here = tmp_path / "here.json"
    ready.run("bench", small_bundle, "--device", "local", "--mode", "quick", "--output", here)
    for name, file in BenchRecord.from_file(here).files.items():
        assert measured.files[name].accuracy.correct == file.accuracy.correct


@pytest.mark.slow
def test_a_metric_of_numpy_is_taken_on_the_board_in_one_command_from_the_network_to_the_record(ready, tmp_path):
    (tmp_path / "masks.py").write_text(MASKS)
    (tmp_path / "of_numpy.py").write_text(MASKS_ERROR)
    stage = "{epochs=1,learning_rate=0.01,batch_size=32}"
    changes = (f"train={stage}", f"retrain={stage}", "prune.epochs=1", "cluster.epochs=0", "prune.sparsity=0.5")
    own = {"data": "masks.py:data", "loss": "masks.py:loss", "metric": "of_numpy.py:error"}
    asked = [word for name, spec in own.items() for word in (f"--{name}", f"{tmp_path}/{spec}")]
    asked += ["--better", "lower", *(word for change in changes for word in ("--set", change))]
    made = tmp_path / "made"
    begun = ready.begin(
        "run", f"{tmp_path}/masks.py:make", *asked, "--device", "virtual", "--run-metric", "--output", made
    )
    output, errors = begun.communicate(timeout=LONGEST)
    assert begun.returncode == 0, output + errors
    assert f"metric.py ({len(MASKS_ERROR.splitlines()) + 1} lines, SHA-256 " in errors
    judged = Manifest.from_file(made / "manifest.json").judged
    (record,) = (made / "bench").glob("*.json")
    found = BenchRecord.from_file(record).files
    assert set(found) == FILES
    for file in found.values():
        assert (file.failures, file.metric.computed, file.metric.samples) == ([], "device", judged.samples)
        network = judged.dense if file.kind == "dense" else judged.compressed
        assert file.metric.value == pytest.approx(network, rel=1e-4)
        assert file.metric.largest_difference < 1e-4


@pytest.mark.slow
def test_a_power_cut_in_a_run_is_one_line_and_the_run_goes_on(ready, small_bundle, tmp_path):
    bundle = shutil.copytree(small_bundle, tmp_path / "bundle")
    command = ("bench", bundle, "--device", "virtual", "--mode", "quick")
    journal = bundle / "bench" / "virtual.partial.jsonl"
    begun = ready.begin(*command)
    while not journal.exists():
        assert begun.poll() is None, begun.communicate()
        time.sleep(0.1)
    ready.cut_power()
    line = ready.end(begun, code=4)
    assert "the connection was lost; run the same command again when the device is back" in line
    assert "what was measured until now is kept" in line
    assert "refuses the connection" in ready.run(*command, code=4)
    steps = journal.read_text().splitlines()
    ready.start()
    assert "emulated, not measured" in ready.run(*command)
    (path,) = (bundle / "bench").iterdir()
    record = BenchRecord.from_file(path)
    assert all(file.latency and file.memory and file.accuracy for file in record.files.values())
    (concern,) = [line for line in record.validity.concerns if "cut off" in line]
    assert concern.count("T") >= len(steps)  # each step that was kept, with its time
    assert "latency of dense.onnx, model.onnx" in concern


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_costs_nothing(ready, small_bundle, tmp_path):
    bundle = shutil.copytree(small_bundle, tmp_path / "bundle")
    # What the board held of it is gone too.
    ready.there("rm -f $HOME/.cache/edgecompress/blobs/*; dd if=/dev/zero of=/fill bs=64k 2>/dev/null; sync; df /")
    line = ready.run("bench", bundle, "--device", "virtual", "--mode", "quick", code=4)
    assert "its disk is full" in line
    assert "its disk is full" in ready.run("devices", "setup", "virtual", code=4)
    assert not list(bundle.glob("bench/*"))
    ready.there("rm /fill")
    assert "virtual: there already" in ready.run("devices", "setup", "virtual", "--offline")
    found = json.loads(ready.run("doctor", "--device", "virtual", "--json"))
    assert {each["subject"]: each["state"] for each in found}["onnxruntime"] == "good"


@pytest.mark.slow
def test_a_runtime_of_another_architecture_is_refused_and_the_one_there_stays(ready, tmp_path):
    archive = tmp_path / "x86.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, source in (("ld.so", "/lib64/ld-linux-x86-64.so.2"), ("python3", sys.executable)):
            tar.add(Path(source).resolve(), name)
    line = ready.run("devices", "setup", "virtual", "--portable", archive, code=4)
    assert "does not run there (is it of another architecture?)" in line
    assert "virtual: there already" in ready.run("devices", "setup", "virtual", "--offline")


@pytest.mark.slow
def test_it_is_switched_off_with_its_disk_whole_and_leaves_no_process(ready):
    assert ready.switch_off() == 0
    assert not ready.emulators()
    program = shutil.which("dumpe2fs", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    said = subprocess.run([program, "-h", ready.disk], capture_output=True, text=True, check=True).stdout
    assert "needs_recovery" not in said


@pytest.mark.parametrize("missing", ["qemu-system-aarch64", "fdtput", "ssh"])
def test_a_missing_program_is_one_line_with_its_package(tmp_path, missing):
    for name in {"qemu-system-aarch64", "fdtput", "ssh"} - {missing}:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    command = [sys.executable, TOOLS / "board", tmp_path, tmp_path / "disk"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"board: no {missing} here: apt-get install ")
    assert done.stderr.count("\n") == 1


def test_a_missing_image_is_one_line(tmp_path):
    for name in ("qemu-system-aarch64", "fdtput", "ssh"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    command = [sys.executable, TOOLS / "board", tmp_path / "image", tmp_path / "disk"]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        f"board: {tmp_path}/image has no kernel: make it with tools/arm64/board_image {tmp_path}/image\n",
    )
