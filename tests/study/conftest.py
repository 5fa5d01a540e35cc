"""A cell and its record, as a study would leave them."""

import socket
import subprocess
import sys
import time

import pytest

from edgecompress.manifest import DataInfo
from edgecompress.study.records import (
    Accuracies,
    CellLatency,
    CellOutcome,
    CellRecord,
    Count,
    Differing,
    Machine,
    Sizes,
    StudyCell,
    StudyLayer,
    TrainingBudget,
)


def make_record(cell: StudyCell, **changes) -> CellRecord:
    """The record of ``cell``, done."""
    outcome = CellOutcome(
        budget=TrainingBudget(
            epochs={"train": 4, "prune": 2, "retrain": 1, "cluster": 1},
            epochs_scale=1.0,
            training_samples=600,
            training_samples_available=600,
            recipe="1" * 24,
        ),
        data=DataInfo(
            name="UCI-HAR", official=True, sha256="0" * 64, train=600, validation=60, test=200, classes=["a", "b"]
        ),
        accuracy=Accuracies(
            baseline=Count(correct=180, total=200),
            control=Count(correct=179, total=200),
            pruned=Count(correct=178, total=200),
            clustered=Count(correct=177, total=200),
            from_baseline=Differing(lost=5, won=2),
            from_control=Differing(lost=6, won=4),
        ),
        weights_total=1000,
        weights_kept=100,
        sizes={
            "onnx": Sizes(runtime="onnxruntime", dense=4000, compressed=300, container=260, entropy_bound=200),
            "tflite": Sizes(runtime="litert", dense=4100, compressed=500, container=None, entropy_bound=None),
        },
        layers=(StudyLayer(name="conv1", weights=1000, kept=100, distinct=16, bits=4),),
        latency=(
            CellLatency(runtime="onnxruntime", ratio=1.0, low=0.99, high=1.01, threads=1, how="measured", where="here"),
        ),
        seconds={"train": 10.0, "prune": 5.0, "retrain": 2.0, "cluster": 1.0, "export": 3.0},
        cached=("train",),
    )
    document = {
        "tool_version": "0",
        "study": "paper",
        "cell": cell,
        "recipe_digest": "0" * 24,
        "state": "done",
        "outcome": outcome,
        "machine": Machine(
            system="Linux",
            machine="x86_64",
            cpu=None,
            emulated=False,
            cores=2,
            threads=1,
            gpu=None,
            python="3.11",
            versions={},
        ),
        "taken": "2026-01-01T00:00:00+00:00",
    }
    return CellRecord(**(document | changes))


def make_cell(**changes) -> StudyCell:
    base = {"model": "alexnet", "data": "uci-har", "width": 1.0, "sparsity": 0.9, "method": "kmeans", "bits": 4}
    return StudyCell(**({**base, "distill": False, "seed": 1} | changes))


@pytest.fixture(name="make_cell")
def make_cell_fixture():
    return make_cell


@pytest.fixture
def cell() -> StudyCell:
    return StudyCell(
        model="alexnet", data="uci-har", width=1.0, sparsity=0.9, method="kmeans", bits=4, distill=False, seed=1
    )


@pytest.fixture
def record(cell) -> CellRecord:
    return make_record(cell)


@pytest.fixture(name="make_record")
def make_record_fixture():
    return make_record


@pytest.fixture(scope="session")
def bucket_once(tmp_path_factory):
    """A server that speaks S3 over HTTP, on a port of loopback; the port."""
    pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("s3") / "log").open("w")
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    for _ in range(600):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                break
        assert process.poll() is None, "the S3 server ended"
        time.sleep(0.1)
    yield port
    process.kill()
    process.wait()


@pytest.fixture
def bucket(bucket_once, monkeypatch):
    """The URL of a bucket; every process that a test starts finds the server by the usual variables."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{bucket_once}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return "s3://study"
