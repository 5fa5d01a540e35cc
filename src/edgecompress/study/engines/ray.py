"""Ray: workers on many machines, or on this one.

Moritz et al., "Ray: A distributed framework for emerging AI applications", OSDI 2018.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgecompress import workers as workers_room
from edgecompress.errors import InputError, MissingDependencyError
from edgecompress.progress import silent
from edgecompress.study.engines.contract import Compute, EndedCell, Pool, Workers
from edgecompress.study.records import CellRecord, StudyCell


@contextmanager
def ray(compute: Compute, workers: Workers) -> Iterator[Pool]:
    """Tasks of the cluster at ``workers.address``, or of one that is started here and ends with the study.

    As many run as the cluster has cores for, or as are asked for; nodes may come and go. Each takes ``workers.threads``
    cores, and a GPU where the cluster has some. A cell whose node or process dies is reported as lost.

    Raises:
        InputError: Ray is not installed, or there is no cluster at that address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody else learns what runs here
    try:
        import ray as cluster
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "--engine ray needs ray, which is not installed: pip install 'edgecompress[ray]'"
        ) from error
    settings: dict[str, Any] = {} if workers.address else {"num_cpus": workers_room.cores(), "include_dashboard": False}
    try:
        cluster.init(address=workers.address or "local", log_to_driver=False, logging_level=logging.ERROR, **settings)
    except (OSError, RuntimeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"no Ray cluster can be used at {workers.address or 'this machine'}: {reason}") from error
    pool = _Pool(cluster, compute, workers)
    try:
        yield pool
    finally:
        pool.close()
        cluster.shutdown()


class _Pool:
    def __init__(self, cluster: Any, compute: Compute, workers: Workers) -> None:
        self._cluster = cluster
        self._count = workers.count
        self._threads = workers.threads or 1
        self._gpus = 1 if cluster.cluster_resources().get("GPU", 0) else 0
        # Ray's own retries are off: a cell that was lost is reported, counted, and started again by who asked for it.
        self._task = cluster.remote(_computed).options(
            num_cpus=self._threads,
            num_gpus=self._gpus,
            max_retries=0,
            runtime_env={"env_vars": {**workers_room.threads(self._threads), "PYTHONSAFEPATH": "1"}},
        )
        self._compute = cluster.put(compute)
        self._running: dict[Any, StudyCell] = {}

    def free(self) -> int:
        there = self._cluster.cluster_resources()
        places = int(there.get("CPU", 0) // self._threads)
        if self._gpus:
            places = min(places, int(there.get("GPU", 0)))
        return max(0, min(places, self._count or places) - len(self._running))

    def start(self, cell: StudyCell) -> None:
        self._running[self._task.remote(self._compute, cell)] = cell

    def wait(self, seconds: float) -> list[EndedCell]:
        ready, _ = self._cluster.wait(list(self._running), num_returns=1, timeout=seconds)
        return [self._ended(each) for each in ready]

    def notes(self) -> list[str]:
        return [cell.name for cell in self._running.values()]

    def close(self) -> None:
        for task in self._running:
            self._cluster.cancel(task, force=True)

    def _ended(self, task: Any) -> EndedCell:
        cell = self._running.pop(task)
        try:
            return EndedCell(cell, self._cluster.get(task))
        except self._cluster.exceptions.RayError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            # Of an exception in the task the last line says what it is; of a lost one the first.
            failed = isinstance(error, self._cluster.exceptions.RayTaskError)
            return EndedCell(cell, None, lines[-1 if failed else 0] if lines else type(error).__name__)


def _computed(compute: Compute, cell: StudyCell) -> CellRecord:
    """Compute a cell in a task. Ray has no way back for notes while it runs."""
    return compute(cell, silent)
