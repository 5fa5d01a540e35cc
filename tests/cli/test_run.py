import pytest
from typer.testing import CliRunner

from edgecompress.cli import app
from edgecompress.workflows import build_and_bench


@pytest.fixture
def asked(measured, monkeypatch, tmp_path):
    """The command with a bundle that is there in place of what it would build; the request and the options it had."""
    record, _, folder = measured
    found = {}

    def stand_in(request, **options):
        from edgecompress import bundle

        found.update(options, request=request)
        return build_and_bench.Benched(folder, bundle.load(folder), record, tmp_path / "page.html", "")

    monkeypatch.setattr(build_and_bench, "build_and_bench", stand_in)
    return found


def test_it_builds_for_the_board_that_the_device_is(asked, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    add = ["devices", "add", "kitchen", "ssh://pi@192.168.1.20", "--target", "rpi4", "--no-connect"]
    assert CliRunner().invoke(app, add, catch_exceptions=False).exit_code == 0
    command = ["run", "net.onnx", "--data", "samples.npz", "--device", "kitchen", "--set", "prune.sparsity=0.8"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    request = asked["request"]
    assert (request.target, request.model, request.data) == ("rpi4", "net.onnx", "samples.npz")
    assert request.changes == ("prune.sparsity=0.8",)
    assert (asked["device"], asked["mode"]) == ("kitchen", "quick")
    assert done.output.strip().splitlines()[-1] == f"page: {tmp_path / 'page.html'}"
    assert CliRunner().invoke(app, [*command, "--target", "jetson"], catch_exceptions=False).exit_code == 0
    assert asked["request"].target == "jetson"


def test_a_metric_is_asked_for_as_build_has_it_and_runs_on_the_device_where_the_user_says_so(asked, capsys):
    command = ["run", "net.py:make", "--data", "net.py:data", "--loss", "net.py:loss", "--metric", "of.py:error"]
    assert CliRunner().invoke(app, [*command, "--better", "lower"], catch_exceptions=False).exit_code == 0
    request = asked["request"]
    assert (request.loss, request.metric, request.better) == ("net.py:loss", "of.py:error", "lower")
    assert asked["allow"] is None
    done = CliRunner().invoke(app, [*command, "--run-metric"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    built = build_and_bench.build_and_bench(request).folder
    assert asked["allow"](built) is None
    assert "has no metric that a device could run" in capsys.readouterr().err


def test_this_machine_is_the_board_where_none_is_named(asked):
    assert CliRunner().invoke(app, ["run", "alexnet", "--data", "digits"], catch_exceptions=False).exit_code == 0
    assert (asked["request"].target, asked["device"]) == ("host", "local")


def test_a_board_that_is_registered_as_none_is_asked_for(refused):
    line = refused("run", "alexnet", "--data", "digits", "--device", "ssh://pi@192.0.2.7")
    assert "ssh://pi@192.0.2.7 is registered as no board; say which one it is: --target rpi4" in line


def test_a_disturbed_run_is_shown_and_fails_where_its_mode_is_for_keeps(asked, measured, monkeypatch):
    record, _, folder = measured
    validity = record.validity.model_copy(update={"disturbed": ["the clock fell"]})
    disturbed = record.model_copy(update={"validity": validity})
    stand_in = build_and_bench.build_and_bench

    def noisy(request, **options):
        made = stand_in(request, **options)
        return build_and_bench.Benched(folder, made.manifest, disturbed, made.page, "")

    monkeypatch.setattr(build_and_bench, "build_and_bench", noisy)
    command = ["run", "alexnet", "--data", "digits", "--mode"]
    done = CliRunner().invoke(app, [*command, "standard"])
    assert "the run was disturbed: the clock fell" in str(done.exception)
    assert "page: " in done.output
    assert CliRunner().invoke(app, [*command, "standard", "--allow-noisy"]).exit_code == 0
    assert CliRunner().invoke(app, [*command, "quick"]).exit_code == 0
