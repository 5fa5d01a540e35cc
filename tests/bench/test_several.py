import shutil
import sys

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
    for outcome in alive:
        assert all(not file.failures for file in outcome.record.files.values())
        assert outcome.path.is_file()
    assert {told[0] for told in said} == {"dead", "local", "board"}


def test_a_record_of_a_run_that_failed_is_not_lost(broken):
    nothing = b"\0" * 500
    folder = broken(dense_onnx=nothing, model_onnx=nothing, dense_tflite=nothing, model_tflite=nothing)
    (outcome,) = bench_all(folder, ["local"], mode="quick", threads=1)
    assert "no file of the bundle ran" in outcome.error
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
