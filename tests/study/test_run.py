import os
import signal
from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.study import run
from edgecompress.study.engines.contract import EndedCell, Workers
from edgecompress.study.engines.local import local
from edgecompress.study.machine import machine
from edgecompress.study.records import CellRecord, StudyIndex
from edgecompress.study.run import ATTEMPTS, INDEX, Study
from edgecompress.study.store import StudyStore

from .conftest import make_record

DIGEST, OTHER = "0" * 24, "1" * 24


class Here:
    """A pool of one worker in this process, which computes when it is waited for."""

    def __init__(self, failing=(), lost=(), digest=DIGEST):
        self.failing, self.lost, self.digest = failing, list(lost), digest
        self.started = []
        self.running = None

    def free(self):
        return self.running is None

    def start(self, cell):
        self.started.append(cell)
        self.running = cell

    def wait(self, seconds):
        cell, self.running = self.running, None
        if cell in self.lost:
            self.lost.remove(cell)
            return [EndedCell(cell, None, "its process died")]
        if cell in self.failing:
            return [EndedCell(cell, make_record(cell, state="failed", error="no", outcome=None))]
        return [EndedCell(cell, make_record(cell, recipe_digest=self.digest))]

    def notes(self):
        return []


@pytest.fixture
def cells(make_cell):
    return [make_cell(model=model, seed=seed) for seed in (1, 2) for model in ("alexnet", "resnet18")]


@pytest.fixture
def study(tmp_path, cells):
    def make(budget=None, digest=DIGEST, progress=silent):
        digests = dict.fromkeys(cells, digest)
        made = Study("paper", digests, StudyStore(str(tmp_path)), machine(threads=1, gpu=None), budget, progress)
        made.known()
        return made

    return make


def test_each_cell_leaves_its_record_and_all_are_in_the_index(study, cells, tmp_path):
    pool = Here()
    index = study().run(pool)
    assert pool.started == cells
    assert [entry.state for entry in index.cells] == ["done"] * 4
    assert StudyIndex.from_file(tmp_path / INDEX) == index
    for entry in index.cells:
        assert CellRecord.from_file(tmp_path / entry.file) == make_record(entry.cell)


def test_what_is_done_is_not_computed_again_and_what_failed_is(study, cells):
    first = study().run(Here(failing=cells[1:3]))
    assert [entry.state for entry in first.cells] == ["done", "failed", "failed", "done"]
    assert [entry.error for entry in first.cells] == [None, "no", "no", None]
    pool = Here()
    index = study().run(pool)
    assert pool.started == cells[1:3]
    assert [entry.state for entry in index.cells] == ["done"] * 4


def test_what_another_run_finished_meanwhile_is_taken(study, cells, tmp_path):
    mine, other = study(), study()
    other.run(Here())
    pool = Here()
    assert [entry.state for entry in mine.run(pool).cells] == ["done"] * 4
    assert pool.started == []


def test_a_cell_that_loses_its_worker_is_computed_again_and_at_last_given_up(study, cells):
    asked = study()
    index = asked.run(Here(lost=[cells[0], *[cells[1]] * ATTEMPTS]))
    assert [entry.state for entry in index.cells] == ["done", "failed", "done", "done"]
    assert [asked.records[cell].attempts for cell in cells] == [2, ATTEMPTS, 1, 1]
    assert "its process died" in asked.records[cells[1]].error


def test_after_the_budget_no_cell_is_started_and_what_is_left_out_is_named(study, cells, monkeypatch):
    assert [entry.state for entry in study(budget=0.0).run(Here()).cells] == ["left out"] * 4
    clock = iter(range(0, 10_000, 50))
    monkeypatch.setattr(run.time, "monotonic", lambda: float(next(clock)))
    pool = Here()
    index = study(budget=2.0).run(pool)  # it is looked at 50, 100 and 150 seconds after the start
    assert pool.started == cells[:2]
    assert [entry.state for entry in index.cells] == ["done", "done", "left out", "left out"]
    assert index.budget_minutes == 2.0


def test_records_that_are_damaged_or_of_another_cell_are_refused(study, cells, tmp_path):
    asked = study()
    asked.run(Here())
    first, second = (tmp_path / asked.file_of(cell) for cell in cells[:2])
    whole = first.read_text()
    first.write_text(second.read_text())
    with pytest.raises(InputError, match="of another cell or budget; move it elsewhere"):
        study()
    first.write_text("{")
    with pytest.raises(InputError, match="delete it"):
        study()
    newer = whole.replace('"schema_version": 3', '"schema_version": 4')
    assert newer != whole
    first.write_text(newer)
    with pytest.raises(InputError, match="install a newer edgecompress"):
        study()


def test_other_budgets_in_the_folder_are_in_its_index_and_not_in_what_was_asked_for(study, cells, tmp_path):
    study(budget=0.0).run(Here())
    (tmp_path / "notes.json").write_text("[]")
    (tmp_path / "notes.txt").write_text("none of ours")
    other = study(digest=OTHER)
    asked = other.run(Here(failing=cells[:1], digest=OTHER))
    assert [entry.state for entry in asked.cells] == ["failed", "done", "done", "done"]
    assert study().run(Here()).cells[0].file != asked.cells[0].file
    index = StudyIndex.from_file(tmp_path / INDEX)
    assert [entry.state for entry in index.cells] == ["done"] * 4 + ["failed"] + ["done"] * 3
    assert {entry.file for entry in index.cells} == {path.name for path in tmp_path.glob("alexnet*")} | {
        path.name for path in tmp_path.glob("resnet18*")
    }


def test_progress_counts_cells(study):
    told = []
    study(progress=lambda *said: told.append(said[:3])).run(Here())
    assert told[0] == ("paper", 0, 4)
    assert told[-1] == ("paper", 4, 4)


def once(cell, progress):
    """Die at the first start of a cell; the marks of earlier starts are in the folder that its data names."""
    mark = Path(cell.data) / f"{cell.seed}"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return make_record(cell)


def test_real_workers_that_are_killed_cost_no_cell(make_cell, tmp_path):
    cells = [make_cell(seed=seed, data=str(tmp_path)) for seed in (1, 2)]
    store = StudyStore("memory://killed")  # a path in the name of a record is none in memory
    asked = Study("paper", dict.fromkeys(cells, DIGEST), store, machine(threads=1, gpu=None), None, silent)
    with local(once, Workers(count=2)) as pool:
        index = asked.run(pool)
    assert [entry.state for entry in index.cells] == ["done", "done"]
    assert [asked.records[cell].attempts for cell in cells] == [2, 2]
