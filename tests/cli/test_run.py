from dataclasses import replace

import pytest
from typer.testing import CliRunner

from edgecompress.cli import app
from edgecompress.library import running
from edgecompress.library.bundles import Bundle


@pytest.fixture
def asked(measured, monkeypatch, tmp_path):
    """The command with a bundle that is there in place of what it would build; the request and the options it had."""
    record, _, folder = measured
    found = {}

    def stand_in(model, data, **options):
        found.update(options, model=model, data=data)
        return running.RunResult(Bundle.open(folder), record, tmp_path / "page.html", "")

    monkeypatch.setattr(running, "run", stand_in)
    return found


def test_what_is_asked_for_reaches_the_library_and_the_page_is_named_last(asked, tmp_path):
    command = ["run", "net.onnx", "--data", "samples.npz", "--device", "kitchen", "--set", "prune.sparsity=0.8"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (asked["model"], asked["data"], asked["device"]) == ("net.onnx", "samples.npz", "kitchen")
    assert (asked["target"], asked["mode"], asked["changes"]) == (None, "quick", ["prune.sparsity=0.8"])
    assert done.output.strip().splitlines()[-1] == f"page: {tmp_path / 'page.html'}"
    assert CliRunner().invoke(app, [*command, "--target", "jetson"], catch_exceptions=False).exit_code == 0
    assert asked["target"] == "jetson"


def test_a_metric_is_asked_for_as_build_has_it_and_runs_on_the_device_where_the_user_says_so(asked, measured, capsys):
    command = ["run", "net.py:make", "--data", "net.py:data", "--loss", "net.py:loss", "--metric", "of.py:error"]
    assert CliRunner().invoke(app, [*command, "--better", "lower"], catch_exceptions=False).exit_code == 0
    assert (asked["loss"], asked["metric"], asked["better"]) == ("net.py:loss", "of.py:error", "lower")
    assert asked["run_metric"] is False
    done = CliRunner().invoke(app, [*command, "--run-metric"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert asked["run_metric"](Bundle.open(measured[2])) is None
    assert "has no metric that a device could run" in capsys.readouterr().err


def test_a_board_that_is_registered_as_none_is_asked_for(refused):
    line = refused("run", "alexnet", "--data", "digits", "--device", "ssh://pi@192.0.2.7")
    assert "ssh://pi@192.0.2.7 is registered as no board; say which one it is: --target rpi4" in line


def test_a_mode_that_is_none_is_one_line(refused):
    assert "quik" in refused("run", "alexnet", "--data", "digits", "--mode", "quik")


def test_a_disturbed_run_is_shown_and_fails_where_its_mode_is_for_keeps(asked, measured, monkeypatch):
    record, _, _ = measured
    validity = record.validity.model_copy(update={"disturbed": ["the clock fell"]})
    disturbed = record.model_copy(update={"validity": validity})
    stand_in = running.run
    monkeypatch.setattr(running, "run", lambda *_, **__: replace(stand_in(*_, **__), record=disturbed))
    command = ["run", "alexnet", "--data", "digits", "--mode"]
    done = CliRunner().invoke(app, [*command, "standard"])
    assert "the run was disturbed: the clock fell" in str(done.exception)
    assert "page: " in done.output
    assert CliRunner().invoke(app, [*command, "standard", "--allow-noisy"]).exit_code == 0
    assert CliRunner().invoke(app, [*command, "quick"]).exit_code == 0
