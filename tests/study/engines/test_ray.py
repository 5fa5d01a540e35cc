"""Ray for real: two nodes on loopback, each a process group of its own, and an S3 server for their files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from edgecompress import pipeline_study
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.study.engines.contract import Workers
from edgecompress.study.engines.ray import ray
from edgecompress.study.grid import Grid
from edgecompress.study.plan import Plan
from edgecompress.study.store import Store

from ..conftest import make_cell
from .test_local import compute

pytest.importorskip("ray")
ROOT = Path(__file__).parents[3]
GRID = Grid(("alexnet", "resnet18"), ("uci-har",), (0.9, 0.5), ("kmeans",), (4,), (False,), (1,))


@pytest.fixture
def importable(monkeypatch):
    """What a worker of Ray needs to find the tests: it starts with the environment of its node."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.slow
def test_a_cluster_of_its_own_computes_cells_and_tells_what_is_lost(importable):
    cells = [make_cell(), make_cell(model="dies"), make_cell(model="raises"), make_cell(seed=2)]
    found = {}
    with ray(compute, Workers(count=1, threads=1)) as pool:
        for cell in cells:
            assert pool.free() == 1
            pool.start(cell)
            assert pool.free() == 0
            assert pool.notes() == [cell.name]
            ended = []
            while not ended:
                ended = pool.wait(5)
            found[cell] = ended[0]
    assert found[cells[0]].record.cell == cells[0]
    assert json.loads(found[cells[3]].record.tool_version)["OMP_NUM_THREADS"] == "1"
    assert found[cells[1]].record is None
    assert found[cells[1]].lost
    assert "no such package here" in found[cells[2]].lost


@pytest.mark.slow
def test_where_there_is_no_cluster_one_line_says_so(monkeypatch):
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "1")
    with pytest.raises(InputError, match="no Ray cluster can be used at auto"), ray(compute, Workers(address="auto")):
        pass


class Nodes:
    """The nodes of a cluster. Their sockets want a short path."""

    def __init__(self, port):
        self.folder = tempfile.mkdtemp(prefix="ec")
        self.address = f"127.0.0.1:{port}"
        self.running = []
        self.start("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={self.folder}")

    def start(self, *options):
        command = [Path(sys.executable).with_name("ray"), "start", "--block", "--num-cpus=1", "--disable-usage-stats"]
        command += ["--object-store-memory=100000000", "--node-ip-address=127.0.0.1", *options]
        log = (Path(self.folder) / f"{len(self.running)}.log").open("w")
        node = subprocess.Popen(command, start_new_session=True, stdout=log, stderr=log)
        self.running.append(node)
        return node

    def kill(self, node):
        """As a machine dies: all at once."""
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def close(self):
        for node in self.running:
            if node.poll() is None:
                self.kill(node)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def nodes(free_port, importable):
    made = Nodes(free_port())
    yield made
    made.close()


def study(engine, workers, plan, output, progress=silent):
    index, records = pipeline_study.study(
        GRID, plan, output=output, engine=engine, workers=workers, budget_minutes=None, sample=False, progress=progress
    )
    assert [entry.error for entry in index.cells] == [None] * 4
    return records


@pytest.mark.slow
def test_two_nodes_one_of_which_dies_leave_the_records_that_one_process_leaves(nodes, bucket, tmp_path):
    plan = pipeline_study.smoke(Plan(study="paper", cache_dir=tmp_path / "local"))
    alone = study("local", Workers(count=1, threads=1), plan, str(tmp_path / "alone"))
    second = nodes.start(f"--address={nodes.address}")
    wait_for_nodes(nodes, 2)
    killed = []

    def kill_when_both_work(title, done, total, note="", /):
        if note.count(";") == 1 and not killed:
            time.sleep(2)
            nodes.kill(second)
            killed.append(note)

    # Folders of their own, as machines have: what one has finished the other finds in the bucket alone.
    far = plan.model_copy(update={"cache_dir": tmp_path / "far", "artefacts": f"{bucket}/stages"})
    together = study("ray", Workers(threads=1, address=nodes.address), far, f"{bucket}/records", kill_when_both_work)
    assert killed
    assert sorted(record.attempts for record in together)[-1] >= 2
    for here, there in zip(alone, together, strict=True):
        assert here.cell == there.cell
        for name in ("accuracy", "sizes", "layers", "budget", "data", "weights_kept"):
            assert getattr(here.outcome, name) == getattr(there.outcome, name)
    store = Store(f"{bucket}/stages")
    ours = {path.name for path in (tmp_path / "local" / "stages").glob("*.safetensors")}
    assert store.names() == ours
    assert Store(f"{bucket}/records").names() == {path.name for path in (tmp_path / "alone").iterdir()}


def wait_for_nodes(nodes, count):
    """Until the head knows of so many nodes."""
    code = (
        "import ray, sys, time\n"
        f"ray.init(address={nodes.address!r}, logging_level='ERROR', log_to_driver=False)\n"
        f"while sum(node['Alive'] for node in ray.nodes()) < {count}: time.sleep(0.2)\n"
    )
    for _ in range(20):
        if not subprocess.run([sys.executable, "-c", code], timeout=120, check=False, capture_output=True).returncode:
            return
        time.sleep(1)
    raise AssertionError("the cluster did not start")
