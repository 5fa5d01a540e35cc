import pytest

from edgecompress.search.objectives import FrontRecord
from edgecompress.search.records import SearchRecord

QUICK = [
    "--set", "width=0.125", "--set", "train.epochs=2", "--set", "prune.epochs=1", "--set", "retrain.epochs=0",
    "--set", "cluster.epochs=0", "--set", "search.steps=0", "--set", "search.sparsities=[0.9]",
    "--set", "search.bits=[2]", "--trials", "2",
]  # fmt: skip


def test_a_recipe_that_build_takes_without_training_again(edgecompress, tmp_path):
    done = edgecompress("search", *QUICK, "--max-drop", "100", "-o", "found")
    assert done.returncode == 0, done.stderr
    record = SearchRecord.from_file(tmp_path / "found" / "search.json")
    assert record.chosen is not None
    assert f"{record.candidates[record.chosen].bytes:,}" in done.stdout
    (hint,) = (line for line in done.stdout.splitlines() if line.startswith("Build it: edgecompress "))
    assert "--model alexnet --data digits --recipe found/recipe.toml" in hint
    built = edgecompress(*hint.replace("BOARD", "host").split()[3:])
    assert built.returncode == 0, built.stderr
    for stage in ("train", "prune", "retrain", "cluster"):
        assert f"{stage}: kept from an earlier run" in built.stderr
    assert (tmp_path / "dist/alexnet-digits-host/model.onnx").stat().st_size == record.candidates[record.chosen].bytes


def test_where_nothing_holds_one_line_says_what_was_reached_and_the_front_is_kept(edgecompress, tmp_path):
    done = edgecompress("search", *QUICK, "--max-drop", "0", "--size-budget", "4kB", "-o", "found")
    assert done.returncode == 3, done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert "nothing was found with a drop of at most 0 points in at most 4,000 bytes" in line
    assert "raise --max-drop, --size-budget" in line
    assert "Traceback" not in done.stderr
    assert SearchRecord.from_file(tmp_path / "found" / "search.json").trials
    assert not (tmp_path / "found" / "recipe.toml").exists()


REGRESSOR = """
import numpy as np
import torch
from torch import nn
from torch.nn import functional


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))


def data():
    x = np.random.default_rng(0).normal(size=(200, 8)).astype("float32")
    return {"x": x, "y": 100 * np.stack([x[:, 0], x[:, 1] * 2], 1)}


def loss(outputs, targets):
    return functional.mse_loss(outputs, targets)


def within(outputs, targets):
    return 1e-3 * float((outputs - targets).abs().mean(1).lt(40).float().mean())
"""
OWN = [
    "--model", "numbers_of.py:make", "--data", "numbers_of.py:data", "--loss", "numbers_of.py:loss",
    "--set", "train={epochs=20,learning_rate=0.0001,batch_size=32}",
    "--set", "retrain={epochs=1,learning_rate=0.0001,batch_size=32}", "--set", "prune.epochs=1",
    "--set", "cluster.epochs=0", "--set", "prune.sparsity=0.5", "--set", "search.steps=0",
    "--set", "search.sparsities=[0.9]", "--set", "search.bits=[2]", "--trials", "4",
]  # fmt: skip


def test_a_regressor_is_judged_by_its_loss_alone_in_the_loss_s_units(edgecompress, tmp_path):
    (tmp_path / "numbers_of.py").write_text(REGRESSOR)
    done = edgecompress("search", *OWN, "--max-drop", "100000", "--target", "host", "-o", "found")
    assert done.returncode == 0, done.stderr
    record = SearchRecord.from_file(tmp_path / "found" / "search.json")
    assert (record.metric, record.better) == ("loss, loss", "lower")
    assert record.chosen is not None
    for each in record.candidates:
        assert each.drop == pytest.approx(each.accuracy - record.dense_accuracy)
    hard = [each for each in record.sensitivities if each.change == "bits"]
    assert all(each.accuracy > record.dense_accuracy and each.loss_rise > 0 for each in hard), "2 bits cost much"
    front = FrontRecord.from_file(tmp_path / "found" / "front.json")
    assert (front.metric, front.better) == ("loss, loss", "lower")
    assert "Dense: " in done.stdout and "loss, loss (lower is better)" in done.stdout
    tables = done.stdout.split("recipe: ")[0]
    assert "points" not in tables and "accuracy" not in tables
    assert "of loss, loss lost on validation samples" in (tmp_path / "found/front/0.toml").read_text()
    assert (tmp_path / "found").joinpath("make-data-host", "manifest.json").is_file()
    kept = edgecompress("search", *OWN, "--max-drop", "0", "--size-budget", "900B", "-o", "none")
    assert kept.returncode == 3, kept.stdout
    assert "of loss, loss" in kept.stderr.strip().splitlines()[-1]


def test_a_metric_says_which_way_is_better(edgecompress, tmp_path):
    (tmp_path / "numbers_of.py").write_text(REGRESSOR)
    metric = ["--metric", "numbers_of.py:within", "--max-drop", "0.001", "-o", "found"]
    unsaid = edgecompress("search", *OWN, *metric)
    assert unsaid.returncode == 2
    assert "is within better where it is higher or lower? Say --better higher" in unsaid.stderr.splitlines()[-1]
    done = edgecompress("search", *OWN, *metric, "--better", "higher")
    assert done.returncode == 0, done.stderr
    record = SearchRecord.from_file(tmp_path / "found" / "search.json")
    assert record.metric == "within"
    for each in record.candidates:
        assert each.drop == pytest.approx(record.dense_accuracy - each.accuracy)
    assert "--loss numbers_of.py:loss --metric numbers_of.py:within --better higher" in done.stdout
    for wrong, said in (
        ([], "--max-drop is in the units of your metric"),
        (["--max-drop", "1", "--better", "lower"], "--better is the direction of --metric, and there is none"),
    ):
        refused = edgecompress("search", *OWN, *wrong)
        assert refused.returncode == 2
        assert said in refused.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size-budget", "300 kilo"], "'300 kilo' is no size; write it as 300kB"),
        (["--max-drop", "-1"], "--max-drop"),
        (["--max-drop", "101"], "--max-drop 101 is more points than there are"),
        (["--trials", "0"], "--trials"),
        (["--target", "rpi7"], "unknown target 'rpi7'"),
        (["--model", "alexnett"], "unknown network 'alexnett'"),
        (["--set", "search.sparsities=[1.5]"], "search.sparsities"),
        (["--set", "search.stepps=1"], "unknown key 'search.stepps'"),
        (["--macs", "1,2"], "--macs 2 is no fraction"),
        (["--macs", "half"], "'half' is no list"),
        (["--device", "attic"], "unknown device 'attic'"),
        (["--mode", "slow"], "slow"),
        (["--storage", "nowhere://x"], "give the path of a journal file"),
        (["-o", "file"], "file is a file"),
        (["-o", "mine"], "mine/recipe.toml is not of a search and would be replaced"),
    ],
)
def test_a_wrong_input_is_one_line(refused, tmp_path, arguments, message):
    (tmp_path / "file").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "recipe.toml").touch()
    assert message in refused("search", *arguments)
