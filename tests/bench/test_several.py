import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from edgecompress import devices
from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.several import bench_all
from edgecompress.devices import Device
from edgecompress.errors import InputError


@pytest.fixture
def folder(small_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))  # the processes read the file as well
    return shutil.copytree(small_bundle, tmp_path / "bundle")


def test_one_dead_board_does_not_stop_the_others(folder, sshd, free_port):
    address = f"ssh://{sshd.address}"
    devices.add(Device(name="board", address=address, python=sys.executable, folder=str(sshd.root)))
    devices.add(Device(name="dead", address=f"ssh://board:{free_port()}"))
    said = []
    outcomes = bench_all(
        folder, ["dead", "local", "board"], mode="quick", threads=1, progress=lambda *told: said.append(told)
    )
    assert [outcome.device for outcome in outcomes] == ["dead", "local", "board"]
    dead, *alive = outcomes
    assert dead.record is None
    assert "is sshd running" in dead.error
    assert "\n" not in dead.error
    assert (dead.code, [each.code for each in alive]) == (4, [0, 0])
    for outcome in alive:
        assert all(not file.failures for file in outcome.record.files.values())
        assert outcome.path.is_file()
    assert {told[0] for told in said} == {"dead", "local", "board"}
    assert ("dead", 1, 1, dead.error) in said
    assert ("board", 1, 1, "done") in said
    assert any(title == "board" and words.startswith("latency onnxruntime") for title, _, _, words in said)


def test_a_record_of_a_run_that_failed_is_not_lost(broken):
    nothing = b"\0" * 500
    folder = broken(dense_onnx=nothing, model_onnx=nothing, dense_tflite=nothing, model_tflite=nothing)
    (outcome,) = bench_all(folder, ["local"], mode="quick", threads=1)
    assert "no file of the bundle ran" in outcome.error
    assert outcome.code == 4
    assert all(file.failures for file in outcome.record.files.values())


def test_a_device_is_named_once(folder):
    devices.add(Device(name="board", address="ssh://192.0.2.1"))
    with pytest.raises(InputError, match="is a device that was named before"):
        bench_all(folder, ["board", "ssh://192.0.2.1"])
    with pytest.raises(InputError, match="unknown device 'nothing'"):
        bench_all(folder, ["local", "nothing"])


def test_what_is_asked_for_reaches_every_device(folder):
    devices.add(Device(name="here", address="local", runtimes=["onnxruntime"]))
    asked = Accelerator(provider="cpu")
    (outcome,) = bench_all(folder, ["here"], mode="quick", threads=1, accelerator=asked, profile=True)
    assert outcome.record.accelerator == asked
    assert all(file.profile.nodes for file in outcome.record.files.values())


def workers_of(process):
    return [each for each in process.children() if "edgecompress.bench.worker" in each.cmdline()]


def test_a_worker_that_is_killed_is_a_failed_device(folder):
    def kill(_name, _done, _total, words):
        if words.startswith("conditions before"):
            for each in workers_of(psutil.Process()):
                each.kill()

    (outcome,) = bench_all(folder, ["local"], mode="quick", threads=1, progress=kill)
    assert (outcome.record, outcome.error, outcome.code) == (None, "ended with code -9", 4)


def test_ctrl_c_ends_all_of_them_and_what_was_measured_is_kept(folder, tmp_path):
    """As a terminal sends it: to the command and to all that it started."""
    devices.add(Device(name="here", address="local"))
    devices.add(Device(name="dead", address="ssh://192.0.2.1"))
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "edgecompress", "bench", str(folder), "--device", "here,dead", "--mode", "quick"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), "EDGECOMPRESS_STORE": "none"},
    ) as process:  # fmt: skip
        kept = folder / "bench" / "here.partial.jsonl"
        while not kept.exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("edgecompress: interrupted; what was measured until now is kept")
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((folder / "bench").iterdir()) == [kept]
