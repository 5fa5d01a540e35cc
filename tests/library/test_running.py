import sys

import pytest

from edgecompress import devices
from edgecompress.bundle import MANIFEST
from edgecompress.devices import Device
from edgecompress.errors import InputError
from edgecompress.library import running
from edgecompress.library.running import run

from ..conftest import SMALL


def test_a_bundle_is_built_measured_here_and_shown_on_a_page(tmp_path, small_cache):
    own = {"changes": SMALL, "cache": small_cache, "eval_samples": 40}
    made = run("alexnet", "digits", target="host", output=tmp_path / "made", warn=lambda _: None, **own)
    assert made.bundle.path == tmp_path / "made"
    assert (made.bundle.path / MANIFEST).is_file()
    assert set(made.record.files) == set(made.bundle.models)
    assert all(file.latency for file in made.record.files.values())
    assert made.page.read_text(encoding="utf-8").count("model.onnx") > 1


@pytest.mark.parametrize(
    ("device", "mode", "message"),
    [("kitchn", "quick", "unknown device 'kitchn'"), ("local", "quik", "quik.*quick")],
)
def test_what_is_wrong_with_the_measurement_is_said_before_anything_is_trained(tmp_path, device, mode, message):
    told = []
    with pytest.raises(InputError, match=message):
        run(
            "alexnet",
            target="host",
            device=device,
            mode=mode,
            output=tmp_path / "made",
            cache=tmp_path,
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
    monkeypatch.setattr(running, "build", build)
    with pytest.raises(ReachedError):
        run("alexnet", target="rpi4", device="board", output=tmp_path / "made", cache=tmp_path, warn=pytest.fail)
    assert done == ([] if has_packages else ["board"])


@pytest.mark.parametrize(
    ("device", "target", "board"),
    [("kitchen", None, "rpi4"), ("kitchen", "jetson-orin", "jetson-orin"), ("local", None, "host")],
)
def test_it_builds_for_the_board_that_the_device_is_but_for_another_that_is_named(
    tmp_path, monkeypatch, device, target, board
):
    monkeypatch.setattr(devices, "path", lambda: tmp_path / "devices.toml")
    devices.add(Device(name="kitchen", address="ssh://pi@192.0.2.7", target="rpi4"))
    asked = []

    def build(*_, target, **__):
        asked.append(target)
        raise ReachedError

    monkeypatch.setattr(running, "_set_up", lambda *_: None)
    monkeypatch.setattr(running, "build", build)
    with pytest.raises(ReachedError):
        run("alexnet", device=device, target=target, output=tmp_path / "made")
    assert asked == [board]


def test_a_board_that_is_registered_as_none_is_asked_for():
    with pytest.raises(InputError, match="is registered as no board; say which one it is: --target rpi4"):
        run("alexnet", device="ssh://pi@192.0.2.7", warn=pytest.fail)


@pytest.mark.parametrize(("agreed", "given"), [(None, False), ("ab" * 32, "ab" * 32)])
def test_who_is_asked_for_consent_sees_the_bundle_and_what_they_agree_to_is_what_runs(
    tmp_path, monkeypatch, measured, agreed, given
):
    record, _, folder = measured
    asked = []

    def bench(self, device, mode, *, run_metric, **_):
        asked.append((self.path, device, mode, run_metric))
        return record

    monkeypatch.setattr(running.Bundle, "bench", bench)
    monkeypatch.setattr(running, "build", lambda *_, **__: running.Bundle.open(folder))
    monkeypatch.setattr(running, "write_page", lambda *_: (tmp_path / "page.html", ""))
    seen = []
    made = run("alexnet", target="host", run_metric=lambda each: seen.append(each.path) or agreed)
    assert seen == [folder]
    assert asked == [(folder, "local", "quick", given)]
    assert (made.record, made.page) == (record, tmp_path / "page.html")
