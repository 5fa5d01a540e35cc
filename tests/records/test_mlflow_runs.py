"""Against a real tracking database of MLflow, in a SQLite file."""

from pathlib import Path

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.errors import RuntimeFailedError
from edgecompress.manifest import Judged, Manifest
from edgecompress.records.mlflow_runs import log, metrics
from edgecompress.records.transfer import import_files
from edgecompress.store.store import open_store

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "tests" / "golden" / "bench-1.json", ROOT / "results" / "alexnet-digits" / "manifest.json")


@pytest.mark.slow
def test_a_record_is_a_run_once_with_its_figures_and_the_whole_document(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with open_store(str(tmp_path / "store")) as store:
        import_files(store, FILES, warn=pytest.fail)
        entries = store.find()
        first = list(log(store, entries, uri, "boards"))
        again = list(log(store, entries, uri, "boards"))
    assert [new for _, _, new in first] == [True, True]
    assert [(entry, run, new) for entry, run, new in again] == [(entry, run, False) for entry, run, _ in first]

    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("boards").experiment_id
    assert len(client.search_runs([experiment])) == 2
    run = client.get_run(next(run for entry, run, _ in first if entry.kind == "bench"))
    record = BenchRecord.from_file(FILES[0])
    assert run.data.metrics["model.onnx/p50_ms"] == pytest.approx(
        sorted(record.files["model.onnx"].latency.samples_ns)[len(record.files["model.onnx"].latency.samples_ns) // 2]
        / 1e6,
        rel=0.01,
    )
    assert run.data.metrics["model.onnx/size_bytes"] == record.files["model.onnx"].bytes
    assert run.data.params["threads"] == str(record.threads)
    assert run.data.params["data"] == "Digits"
    path = client.download_artifacts(run.info.run_id, "record.json", str(tmp_path))
    assert Path(path).read_text() == FILES[0].read_text()


@pytest.mark.slow
def test_a_server_that_is_none_is_one_line(tmp_path):
    pytest.importorskip("mlflow")
    with (
        open_store(str(tmp_path / "store")) as store,
        pytest.raises(RuntimeFailedError, match="MLflow at nosuch://x refuses") as caught,
    ):
        list(log(store, [], "nosuch://x", "boards"))
    assert "\n" not in str(caught.value)


def test_figures_have_names_that_say_their_unit():
    found = metrics(BenchRecord.from_file(FILES[0]))
    assert {"dense.onnx/p50_ms", "model.tflite/acc_percent", "model.onnx/over_dense", "model.onnx/peak_bytes"} <= set(
        found
    )
    build = Manifest.from_file(FILES[1])
    judged = Judged(metric="loss, MSELoss", samples=3, dense=1.0, compressed=-0.5)
    assert metrics(build.model_copy(update={"judged": judged}))["model.onnx/metric"] == -0.5
