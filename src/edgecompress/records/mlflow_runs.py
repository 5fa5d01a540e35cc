"""Records as runs of MLflow: figures as metrics, what they are of as parameters, the whole record as an artifact."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edgecompress.bench.records import BenchRecord
from edgecompress.compare.readings import READERS, UNITS, Unit, readings
from edgecompress.errors import RuntimeFailedError
from edgecompress.record import Published
from edgecompress.records import kinds
from edgecompress.store.document import SHORT
from edgecompress.store.store import Entry, Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

ID = "edgecompress.id"
_NAMES: dict[Unit, str] = {"ns": "_ms", "bytes": "_bytes", "percent": "_percent", "ratio": "", "own": ""}


def log(store: Store, entries: Sequence[Entry], uri: str, experiment: str) -> Iterator[tuple[Entry, str, bool]]:
    """Log each record to the MLflow server or database at ``uri``, once: a finished run of its id is left alone.

    Yields:
        The record's entry, the run's id, and whether it is new.

    Raises:
        InputError: a record is damaged or of a newer version.
        RuntimeFailedError: MLflow refuses.
        ModuleNotFoundError: mlflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nobody else learns what is logged here
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(tracking_uri=uri)
        known = client.get_experiment_by_name(experiment)
        number = known.experiment_id if known else client.create_experiment(experiment)
        for entry in entries:
            wanted = f"tags.`{ID}` = '{entry.id}' and attributes.status = 'FINISHED'"
            runs = client.search_runs([number], wanted, max_results=1)
            if runs:
                yield entry, runs[0].info.run_id, False
                continue
            document = store.get(entry.id)[1]
            yield entry, _log(client, number, entry, document), True
    except MlflowException as error:
        raise RuntimeFailedError(f"MLflow at {uri} refuses: {str(error).splitlines()[0]}") from error


def _log(client: "MlflowClient", experiment: str, entry: Entry, document: str) -> str:
    record = kinds.read(document, f"record {entry.id[:SHORT]}")
    tags = {ID: entry.id, "edgecompress.kind": entry.kind, "edgecompress.created": entry.created}
    run: str = client.create_run(experiment, run_name=f"{entry.kind}-{entry.id[:SHORT]}", tags=tags).info.run_id
    for name, value in _parameters(entry, record).items():
        client.log_param(run, name, value)
    for name, figure in metrics(record).items():
        client.log_metric(run, name, figure)
    client.log_text(run, document, "record.json")
    client.set_terminated(run)
    return run


def _parameters(entry: Entry, record: Published) -> dict[str, str]:
    known = {name: getattr(entry, name) for name in ("model", "data", "device", "target", "taken")}
    if isinstance(record, BenchRecord):
        known |= {"threads": str(record.threads), "mode": record.protocol.mode}
    return {name: value for name, value in known.items() if value}


def metrics(record: Published) -> dict[str, float]:
    """The figures of a record that can be compared, by ``FILE/METRIC_UNIT``. Times are in milliseconds."""
    if type(record) not in READERS:
        return {}
    return {
        f"{each.file}/{each.metric}{_NAMES[UNITS[each.metric]]}": each.value
        / (1e6 if UNITS[each.metric] == "ns" else 1)
        for each in readings(record)
    }
