import sys

import pytest

from edgecompress import devices
from edgecompress.bench.machine import Conditions
from edgecompress.bench.packages import check
from edgecompress.bench.run import bench
from edgecompress.deploy.agent_zip import agent_zip
from edgecompress.deploy.on_device import AgentOnDevice
from edgecompress.deploy.transports.local import local
from edgecompress.devices import Device
from edgecompress.errors import RuntimeFailedError

BOARD = Device(name="kitchen", address="ssh://pi@192.0.2.7")


@pytest.fixture
def with_packages():
    """The conditions of a machine that has some packages and no others."""
    with local() as here:
        (event,) = AgentOnDevice(here).step("conditions", {}, seconds=60, on_progress=lambda _: None)
    known = {name: value for name, value in event.items() if name in Conditions.model_fields}
    conditions = Conditions.model_validate(known)
    return lambda *names: conditions.model_copy(update={"versions": dict.fromkeys(names, "1.0")})


def test_a_board_that_was_not_set_up_is_told_how(with_packages):
    setup = "edgecompress devices setup kitchen"
    with pytest.raises(RuntimeFailedError, match=f"kitchen has no numpy and no onnxruntime or litert: {setup}"):
        check(BOARD, with_packages(), ["onnxruntime", "litert", "onnxruntime"])
    with pytest.raises(RuntimeFailedError, match=f"kitchen has no litert: {setup}"):
        check(BOARD, with_packages("numpy", "onnxruntime"), ["litert"])
    with pytest.raises(RuntimeFailedError, match=r"local has no numpy: pip install 'edgecompress\[bench\]'"):
        check(Device(name="local", address="local"), with_packages("onnxruntime"), ["onnxruntime"])


def test_one_runtime_is_enough(with_packages):
    check(BOARD, with_packages("numpy", "onnxruntime"), ["onnxruntime", "litert"])
    check(BOARD, with_packages("numpy", "tflite-runtime"), ["litert"])


def test_the_command_ends_before_it_measures(small_bundle, sshd, tmp_path, monkeypatch):
    """A board whose Python has no packages at all, as after its first start."""
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    address, folder = f"ssh://{sshd.address}", str(tmp_path / "there")
    devices.add(Device(name="bare", address=address, python=str(bare), folder=folder))
    said = []
    with pytest.raises(RuntimeFailedError, match="bare has no numpy and no onnxruntime or litert: "):
        bench(small_bundle, device="bare", mode="quick", progress=lambda title, *more: said.append(title))
    assert set(said) == {"conditions before"}
    (pushed,) = (tmp_path / "there" / "blobs").iterdir()
    assert pushed.read_bytes() == agent_zip()
