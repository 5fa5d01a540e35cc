import sys

import pytest

from edgecompress import devices
from edgecompress.bundle import MANIFEST
from edgecompress.devices import Device
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.workflows import build_and_bench as workflow
from edgecompress.workflows.build_and_bench import build_and_bench
from edgecompress.workflows.request import Request

from ..conftest import SMALL


def test_a_bundle_is_built_measured_here_and_shown_on_a_page(tmp_path, small_cache):
    request = Request(target="host", changes=SMALL, output=tmp_path / "made", cache_dir=small_cache, eval_samples=40)
    made = build_and_bench(request, device="local", mode="quick", store="none", progress=silent, warn=lambda _: None)
    assert made.folder == tmp_path / "made"
    assert (made.folder / MANIFEST).is_file()
    assert set(made.record.files) == set(made.manifest.models)
    assert all(file.latency for file in made.record.files.values())
    assert made.page.read_text(encoding="utf-8").count("model.onnx") > 1


@pytest.mark.parametrize(
    ("device", "mode", "message"),
    [("kitchn", "quick", "unknown device 'kitchn'"), ("local", "quik", "quik.*quick")],
)
def test_what_is_wrong_with_the_measurement_is_said_before_anything_is_trained(tmp_path, device, mode, message):
    told = []
    with pytest.raises(InputError, match=message):
        build_and_bench(
            Request(target="host", output=tmp_path / "made", cache_dir=tmp_path),
            device=device,
            mode=mode,
            store="none",
            progress=lambda *said: told.append(said),
            warn=pytest.fail,
        )
    assert not told


class ReachedError(Exception):
    """The step that a test waits for."""


@pytest.mark.parametrize("has_packages", [True, False])
def test_a_board_is_set_up_where_it_lacks_something_and_left_alone_otherwise(tmp_path, monkeypatch, sshd, has_packages):
    """Over a real sshd; what is installed, and what is built, is stood in for."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {"" if has_packages else "-S"} "$@"\n')
    python.chmod(0o755)
    folder = str(tmp_path / "there")
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    devices.add(Device(name="board", address=f"ssh://{sshd.address}", python=str(python), folder=folder))
    done = []

    def build(*_, **__):
        raise ReachedError

    monkeypatch.setattr(devices, "set_up", lambda device, **_: done.append(device.name))
    monkeypatch.setattr(workflow, "build_bundle", build)
    request = Request(target="rpi4", output=tmp_path / "made", cache_dir=tmp_path)
    with pytest.raises(ReachedError):
        build_and_bench(request, device="board", mode="quick", store="none", progress=silent, warn=pytest.fail)
    assert done == ([] if has_packages else ["board"])
