"""A benchmark of a board that is reached by ssh, from a bundle to the record."""

import sys

from edgecompress import devices
from edgecompress.bench.run import bench


def test_a_bundle_is_measured_over_ssh_as_it_is_here(small_bundle, measured, sshd, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    devices.add(
        devices.Device(name="board", address=f"ssh://{sshd.address}", python=sys.executable, folder=str(sshd.root))
    )
    record, _ = bench(small_bundle, device="board", mode="quick", output=tmp_path / "r.json")
    assert record.device.address == f"board (ssh://{sshd.address})"
    assert [file.failures for file in record.files.values()] == [[]] * 4
    here = measured[0]
    for name, file in record.files.items():
        assert file.accuracy.correct == here.files[name].accuracy.correct
        assert file.latency.runs >= 100
    assert record.before.cpu == here.before.cpu
