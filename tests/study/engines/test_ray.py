"""Ray for real: two nodes on loopback, each a process group of its own, and an S3 server for their files."""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from edgecompress.errors import InputError
from edgecompress.study.engines.contract import Workers
from edgecompress.study.engines.ray import ray
from edgecompress.study.records import CellRecord
from edgecompress.study.store import StudyStore

from ..conftest import make_cell
from .test_local import compute

# Ray reads how nodes know each other when it is imported, so that is left to the tests.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install ray")
ROOT = Path(__file__).parents[3]
GRID = ["--models", "alexnet,resnet18", "--data", "uci-har", "--sparsity", "0.9,0.5", "--methods", "kmeans"]
GRID += ["--bits", "4", "--distill", "off", "--seeds", "1"]


@pytest.fixture
def importable(monkeypatch):
    """What a worker of Ray needs to find the tests, for it starts with the environment of its node; a token of ours."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
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
def test_where_there_is_no_cluster_one_line_says_so(importable):
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
        node = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(node)
        return node

    def wait(self, count):
        """Until so many nodes have joined."""
        code = (
            "import ray, time\n"
            f"ray.init(address={self.address!r}, logging_level='ERROR', log_to_driver=False)\n"
            f"while sum(node['Alive'] for node in ray.nodes()) < {count}: time.sleep(0.2)\n"
        )
        for _ in range(20):
            done = subprocess.run([sys.executable, "-c", code], timeout=120, check=False, capture_output=True)
            if not done.returncode:
                return
            time.sleep(1)
        raise AssertionError(f"the cluster did not start: {done.stderr.decode()}")

    def computes(self, node):
        """Whether it has a cell: Ray names a worker's process after its task."""
        for process in psutil.Process(node.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.cmdline()[:1] == ["ray::_computed"]:
                    return True
        return False

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


def study(folder, output, *options):
    """The study as a user starts it; its progress is in its standard error."""
    command = [sys.executable, "-m", "edgecompress", "study", "paper", *GRID, "--smoke", "--threads", "1"]
    command += ["--cache-dir", str(folder), "--output", output, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def records_in(url):
    store = StudyStore(url)
    return [CellRecord.model_validate_json(store.read(name)) for name in sorted(store.names() - {"index.json"})]


@pytest.mark.slow
def test_two_nodes_one_of_which_dies_leave_the_records_that_one_process_leaves(bucket, nodes, tmp_path):
    alone = study(tmp_path / "local", str(tmp_path / "alone"), "--workers", "1")
    assert alone.wait() == 0, alone.stderr.read()
    second = nodes.start(f"--address={nodes.address}")
    nodes.wait(2)
    # Folders of their own, as machines have: what one has finished the other finds in the bucket alone.
    options = ["--engine", "ray", "--address", nodes.address, "--artefacts", f"{bucket}/stages"]
    together = study(tmp_path / "far", f"{bucket}/records", *options)
    while not nodes.computes(second):
        assert together.poll() is None, together.stderr.read()
    nodes.kill(second)
    said = together.stderr.read()
    assert together.wait() == 0, (said, [record.error for record in records_in(f"{bucket}/records")])
    here, there = records_in(str(tmp_path / "alone")), records_in(f"{bucket}/records")
    assert len(here) == len(there) == 4
    assert max(record.attempts for record in there) >= 2
    for one, other in zip(here, there, strict=True):
        assert one.cell == other.cell
        for name in ("accuracy", "sizes", "layers", "budget", "data", "weights_kept"):
            assert getattr(one.outcome, name) == getattr(other.outcome, name)
    ours = {path.name for path in (tmp_path / "local" / "stages").iterdir()}  # stages, and what each got right
    assert StudyStore(f"{bucket}/stages").names() == ours
