import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import save_file

from edgecompress import bundle
from edgecompress.sources.load import network

QUICK = [
    "--set", "width=0.125", "--set", "train.epochs=2", "--set", "prune.epochs=1", "--set", "retrain.epochs=1",
    "--set", "cluster.epochs=1", "--set", "export.count=false",
]  # fmt: skip


def test_a_bundle_with_progress_on_stderr_and_the_manifest_on_stdout(edgecompress, tmp_path):
    done = edgecompress("build", "--target", "rpi4", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    manifest = bundle.load(tmp_path / "dist" / "alexnet-digits-rpi4")
    assert json.loads(done.stdout) == json.loads(manifest.to_json())
    assert "train" in done.stderr
    # The second board trains nothing again.
    again = edgecompress("build", "--target", "jetson-nano", *QUICK)
    assert "cluster: kept from an earlier run" in again.stderr
    assert again.stdout.endswith("measure it: edgecompress bench dist/alexnet-digits-jetson-nano\n")


def test_ctrl_c_leaves_no_bundle_and_the_same_command_goes_on(edgecompress, tmp_path):
    command = [
        sys.executable, "-m", "edgecompress", "build", "--target", "host", *QUICK, "--set", "train.epochs=25",
        "--cache-dir", str(tmp_path / "stages"), "-o", str(tmp_path / "out"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ)
    deadline = time.monotonic() + 120
    while not list(tmp_path.rglob("*.part.safetensors")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; the same command goes on from the last finished epoch" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]
    resumed = edgecompress(*command[3:], "--set", "train.epochs=25")
    assert resumed.returncode == 0, resumed.stderr
    first = next(line for line in resumed.stderr.splitlines() if line.startswith("train "))
    assert "epoch 1/25" not in first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "rpi7"], "unknown target 'rpi7'; did you mean 'rpi"),
        ([], "Missing option '--target'"),
        (["--target", "rpi4", "--model", "alexnett"], "unknown network 'alexnett'; did you mean 'alexnet'?"),
        (["--target", "rpi4", "--data", "cifar"], "unknown data set 'cifar'; did you mean 'cifar-10'?"),
        (["--target", "rpi4", "--set", "prune.sparsty=1"], "unknown key 'prune.sparsty'"),
        (["--target", "rpi4", "--set", "cluster.bits=12"], "cluster.bits"),
        (["--target", "rpi4", "--recipe", "mine.toml"], "'mine.toml' does not exist"),
        (["--target", "rpi4", "--checkpoint", "w.safetensors"], "cannot read the checkpoint w.safetensors"),
        (["--target", "rpi4", "--output", "taken"], "taken is not empty and not a bundle"),
        (["--target", "rpi4", "--data", "fashion-mnist", "--no-download", "--data-dir", "nowhere"], "nowhere"),
        (["--target", "rpi4", "--bits", "5"], "No such option"),
        (["--target", "rpi4", "--max-drop", "0.5", "--from-front", "2"], "leave out one of both"),
        (["--target", "rpi4", "--max-drop", "-1"], "must be at least 0"),
        (["--target", "rpi4", "--output", "none", "--from-front", "2"], "build it with --max-drop first"),
    ],
)
def test_a_wrong_input_is_one_line(refused, tmp_path, arguments, message):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").touch()
    assert message in refused("build", *arguments)


def test_where_nothing_can_be_written(refused, tmp_path):
    (tmp_path / "file").touch()
    assert "file" in refused("build", "--target", "host", *QUICK, "-o", "file/bundle")
    assert "file" in refused("build", "--target", "host", *QUICK, "--cache-dir", "file")


def test_weights_that_are_not_numbers_and_weights_of_another_network(refused, tmp_path):
    state = {n: t.contiguous() for n, t in network("alexnet", (1, 32, 32), 10, width=0.125).state_dict().items()}
    save_file(
        {**state, "conv2.weight": torch.full_like(state["conv2.weight"], float("nan"))}, tmp_path / "nan.safetensors"
    )
    arguments = ["build", "--target", "host", *QUICK, "--checkpoint"]
    assert "'conv2.weight' holds NaN" in refused(*arguments, "nan.safetensors")
    save_file({**state, "conv2.weight": torch.zeros(3, 3)}, tmp_path / "shape.safetensors")
    assert "'conv2.weight' has shape [3, 3]" in refused(*arguments, "shape.safetensors")
