"""The local engine's workers, with cells that take no time: what they are to do is in the name of the model."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecompress.study.engines.contract import Workers
from edgecompress.study.engines.local import local

from ..conftest import make_cell, make_record

VARIABLES = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def compute(cell, progress):
    """Tell where this runs; die, or never end, if the model says so."""
    progress("train", 1, 2)
    if cell.model == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if cell.model == "leaves":
        os._exit(3)
    if cell.model == "raises":
        raise ImportError("no such package here")
    if cell.model == "waits":
        Path(cell.data).write_text(str(os.getpid()))
        signal.pause()
    where = {"pid": os.getpid(), **{name: os.environ.get(name) for name in VARIABLES}}
    time.sleep(0.2)
    return make_record(cell, tool_version=json.dumps(where))


def ended(pool, count):
    found = []
    while len(found) < count:
        found += pool.wait(30)
    return found


def test_workers_share_out_cores_and_gpus_and_stay_for_the_next_cell():
    cells = [make_cell(seed=seed) for seed in range(4)]
    with local(compute, Workers(count=2, threads=3, gpus=2)) as pool:
        assert pool.free() == 2
        found = []
        for pair in (cells[:2], cells[2:]):
            for cell in pair:
                pool.start(cell)
            assert pool.free() == 0
            found += ended(pool, 2)
            assert pool.free() == 2
    assert {each.cell for each in found} == set(cells)
    where = [json.loads(each.record.tool_version) for each in found]
    assert {each["OMP_NUM_THREADS"] for each in where} == {"3"}
    assert len({(each["pid"], each["CUDA_VISIBLE_DEVICES"]) for each in where}) == 2
    assert {each["CUDA_VISIBLE_DEVICES"] for each in where} == {"0", "1"}


@pytest.mark.parametrize(
    ("model", "how"), [("dies", "signal SIGKILL"), ("leaves", "exit code 3"), ("raises", "exit code 1")]
)
def test_a_worker_that_dies_is_told_and_replaced(model, how):
    with local(compute, Workers(count=1)) as pool:
        pool.start(make_cell(model=model))
        (lost,) = ended(pool, 1)
        assert (lost.record, lost.cell.model) == (None, model)
        assert how in lost.lost
        assert pool.free() == 1
        pool.start(make_cell())
        assert ended(pool, 1)[0].record is not None


def test_nothing_runs_on_after_the_pool_is_closed_or_its_process_was_killed(tmp_path):
    mark = tmp_path / "pid"
    with local(compute, Workers(count=1)) as pool:
        pool.start(make_cell(model="waits", data=str(mark)))
        worker = pid_in(mark)
        assert pool.wait(0.01) == []
        assert pool.notes() == [f"{make_cell(model='waits', data=str(mark)).name} train 1/2"]
    assert gone(worker)
    mark.unlink()
    code = (
        "from tests.study.engines.test_local import compute, local, make_cell, Workers\n"
        "if __name__ == '__main__':\n"
        "    with local(compute, Workers(count=1)) as pool:\n"
        f"        pool.start(make_cell(model='waits', data={str(mark)!r}))\n"
        "        while True:\n"  # a note ends a wait too
        "            pool.wait(600)\n"
    )
    (tmp_path / "main.py").write_text(code)
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen([sys.executable, tmp_path / "main.py"], cwd=root, env={**os.environ, "PYTHONPATH": path})
    worker = pid_in(mark)
    parent.kill()
    parent.wait()
    assert gone(worker)


def pid_in(path: Path) -> int:
    for _ in range(1200):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError("the worker did not start")


def gone(pid: int) -> bool:
    for _ in range(400):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
