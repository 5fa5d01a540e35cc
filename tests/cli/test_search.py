import pytest

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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size-budget", "300 kilo"], "'300 kilo' is no size; write it as 300kB"),
        (["--max-drop", "-1"], "--max-drop"),
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
