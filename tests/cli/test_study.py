import json
import os
import signal
import subprocess
import sys
import time

import pytest

from edgecompress.study.records import CellRecord, StudyIndex

ONE = ["--models", "alexnet", "--data", "uci-har", "--methods", "kmeans", "--distill", "off", "--seeds", "1"]
HERE = ["--smoke", "--cache-dir", "cache", "--output", "records", "--workers", "1"]


def test_a_study_leaves_records_and_prints_them(edgecompress, tmp_path):
    done = edgecompress("study", "paper", *ONE, "--sparsity", "0.9", "--bits", "4", *HERE)
    assert done.returncode == 0, done.stderr
    assert "alexnet, patterns in the shape of uci-har" in done.stdout
    index = StudyIndex.from_file(tmp_path / "records" / "index.json")
    assert [entry.state for entry in index.cells] == ["done"]
    assert CellRecord.from_file(tmp_path / "records" / index.cells[0].file).outcome is not None
    again = edgecompress("study", "paper", *ONE, "--sparsity", "0.9", "--bits", "4", *HERE, "--json")
    assert StudyIndex.model_validate(json.loads(again.stdout)).cells == index.cells


def test_a_cell_that_fails_is_named_and_ends_with_exit_code_3(edgecompress, tmp_path):
    absent = [*ONE, "--sparsity", "0.9", "--bits", "4", "--data-dir", "nowhere", "--no-download", *HERE[1:]]
    done = edgecompress("study", "paper", *absent)
    assert done.returncode == 3, done.stderr
    assert "failed: alexnet-uci-har" in done.stdout
    assert done.stderr.strip().splitlines()[-1].startswith("edgecompress: 1 of 1 cells failed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "alexnett"], "unknown model 'alexnett'"),
        (["--sparsity", "0.9;0.5"], "'0.9;0.5' is no list"),
        (["--sparsity", "90"], "write 0.9 for 90 %"),
        (["--set", "prune.sparsitty=1"], "unknown key 'prune.sparsitty'"),
        (["--epochs-scale", "0"], "an epochs scale of 0 trains nothing"),
        (["--output", "nowhere://x"], "give a folder, or a URL"),
        (["--engine", "rayy"], "--engine"),
    ],
)
def test_a_wrong_input_is_one_line(refused, arguments, message):
    assert message in refused("study", "paper", *arguments)


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_computes_no_finished_stage_again(tmp_path):
    command = [
        sys.executable,
        "-m",
        "edgecompress",
        "study",
        "paper",
        *ONE,
        "--sparsity",
        "0.9,0.5",
        "--bits",
        "4,2",
        *HERE,
    ]
    running = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    stages = tmp_path / "cache" / "stages"

    def done():
        return [path for path in stages.glob("*.safetensors") if ".part." not in path.name]

    while len(done()) < 2:
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finished = {path: path.stat().st_mtime_ns for path in done()}
    records = {path: path.stat().st_mtime_ns for path in (tmp_path / "records").glob("alexnet*.json")}
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    for path, written in (finished | records).items():
        assert path.stat().st_mtime_ns == written
    index = StudyIndex.from_file(tmp_path / "records" / "index.json")
    assert [entry.state for entry in index.cells] == ["done"] * 3


@pytest.mark.slow
def test_the_smoke_test_has_every_value_of_the_grid_and_fails_nowhere(edgecompress, tmp_path):
    done = edgecompress("study", "paper", "--smoke", "--cache-dir", "cache", "--output", "records")
    assert done.returncode == 0, done.stderr
    index = StudyIndex.from_file(tmp_path / "records" / "index.json")
    assert {entry.state for entry in index.cells} == {"done"}
    cells = [entry.cell for entry in index.cells]
    assert len({(cell.model, cell.data, cell.sparsity) for cell in cells}) == 4 * 3 * 4
    assert {cell.bits for cell in cells} == {2, 3, 4, 5}
    assert {cell.seed for cell in cells} == {1, 2, 3}
    assert {cell.distill for cell in cells} == {False, True}
    assert len({cell.method for cell in cells}) > 5
