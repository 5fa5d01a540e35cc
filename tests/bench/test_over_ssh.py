"""A benchmark of a board that is reached by ssh, from a bundle to the record."""

import shutil
import sys

import pytest

from edgecompress import bundle, devices
from edgecompress.bench.run import bench
from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice
from edgecompress.errors import DeviceLostError


@pytest.fixture
def board(sshd, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    address, folder = f"ssh://{sshd.address}", str(sshd.root)
    devices.add(devices.Device(name="board", address=address, python=sys.executable, folder=folder))


def test_a_bundle_is_measured_over_ssh_as_it_is_here(small_bundle, measured, sshd, board, tmp_path):
    record, _ = bench(small_bundle, device="board", mode="quick", output=tmp_path / "r.json")
    assert record.device.address == f"board (ssh://{sshd.address})"
    assert [file.failures for file in record.files.values()] == [[]] * 4
    here = measured[0]
    for name, file in record.files.items():
        assert file.accuracy.correct == here.files[name].accuracy.correct
        assert file.latency.runs >= 100
    assert record.before.cpu == here.before.cpu


@pytest.mark.parametrize("computed", ["host", "device"])
def test_a_metric_of_ones_own_is_taken_by_the_board_or_of_what_it_puts_out(masks_bundle, board, tmp_path, computed):
    judged = bundle.load(masks_bundle).judged
    agreed = judged.evaluation.source_sha256 if computed == "device" else None
    asked = {"device": "board", "mode": "quick", "threads": 1, "output": tmp_path / "r.json"}
    record, _ = bench(masks_bundle, **asked, allowed_metric=agreed)
    for file in record.files.values():
        assert file.failures == []
        network = judged.dense if file.kind == "dense" else judged.compressed
        assert file.metric.value == pytest.approx(network, rel=1e-4)
        assert file.metric.computed == computed


def test_a_board_that_is_lost_costs_nothing_that_was_measured(small_bundle, sshd, board, tmp_path):
    folder = shutil.copytree(small_bundle, tmp_path / "bundle")
    seen = []

    def cut(title, done, total, note=""):
        seen.append(title)
        if title == "memory" and done == 2:
            sshd.cut()

    with pytest.raises(DeviceLostError, match=r"the connection was lost.* what was measured until now is kept"):
        bench(folder, device="board", mode="quick", progress=cut)
    (journal,) = (folder / "bench").iterdir()
    assert "latency onnxruntime" in seen
    record, path = bench(folder, device="board", mode="quick", progress=lambda *told: None)
    assert [file.failures for file in record.files.values()] == [[]] * 4
    (concern,) = [line for line in record.validity.concerns if "cut off" in line]
    assert "latency of dense.onnx, model.onnx" in concern
    assert "accuracy" not in concern
    assert list((folder / "bench").iterdir()) == [path]
    assert journal != path


def test_an_agent_that_dies_costs_one_step(board, small_bundle, tmp_path, killer):
    with devices.find("board").connect() as connection:
        agent = AgentOnDevice(connection)
        (tmp_path / "m.tflite").write_bytes(killer)
        agent.push(tmp_path / "m.tflite")
        with pytest.raises(AgentFailedError, match="its process died of SIGSEGV"):
            agent.step("memory", {"file": "m.tflite", "threads": 1}, seconds=60, on_progress=print)
        assert agent.step("conditions", {}, seconds=60, on_progress=print)


def test_only_the_runtimes_of_the_devices_entry_are_measured(small_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    devices.add(devices.Device(name="here", address="local", runtimes=["litert"]))
    record, _ = bench(small_bundle, device="here", mode="quick", output=tmp_path / "r.json")
    assert set(record.files) == {"dense.tflite", "model.tflite"}
