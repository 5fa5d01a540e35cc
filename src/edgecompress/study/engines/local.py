"""Processes of this machine, which share out its cores and GPUs."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from edgecompress import workers as workers_room
from edgecompress.study.engines.contract import Compute, EndedCell, Pool, Workers
from edgecompress.study.records import StudyCell

CORES_A_WORKER = 2
"""Without GPUs, and by default. A second thread speeds training up, a fifth or sixth hardly does."""
PATIENCE = 10.0
"""Seconds in which a worker has to clean up before it is killed."""


@contextmanager
def local(compute: Compute, workers: Workers) -> Iterator[Pool]:
    """One process a worker, each with a fair part of the cores as threads, and a GPU of its own where there are some.

    A worker that dies is replaced, and its cell reported as lost.
    """
    cores = workers_room.cores()
    count = workers.count or workers.gpus or max(1, cores // CORES_A_WORKER)
    threads = workers.threads or max(1, cores // count)
    pool = _Pool(compute, [_environment(number, threads, workers.gpus) for number in range(count)])
    try:
        yield pool
    finally:
        pool.close()


def _environment(number: int, threads: int, gpus: int) -> dict[str, str]:
    """The environment of the worker of that number: libraries read it when they are loaded."""
    device = {"CUDA_VISIBLE_DEVICES": str(number % gpus)} if gpus else {}
    return workers_room.threads(threads) | device


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    cell: StudyCell | None = None
    note: str = ""


class _Pool:
    def __init__(self, compute: Compute, environments: Sequence[dict[str, str]]) -> None:
        self._compute = compute
        self._environments = environments
        self._workers: list[_Worker | None] = [None] * len(environments)

    def free(self) -> int:
        return sum(worker is None or worker.cell is None for worker in self._workers)

    def start(self, cell: StudyCell) -> None:
        place = next(p for p, worker in enumerate(self._workers) if worker is None or worker.cell is None)
        worker = self._workers[place]
        if worker is None or not worker.process.is_alive():
            worker = self._workers[place] = self._started(self._environments[place])
        worker.cell, worker.note = cell, ""
        with suppress(OSError):  # it died just now: waiting for it tells
            worker.pipe.send(cell)

    def wait(self, seconds: float) -> list[EndedCell]:
        busy = [worker for worker in self._workers if worker is not None and worker.cell is not None]
        watched = {worker.pipe: worker for worker in busy} | {worker.process.sentinel: worker for worker in busy}
        ready = {id(watched[each]): watched[each] for each in connection.wait(list(watched), seconds)}  # type: ignore[index]
        return [ended for worker in ready.values() for ended in self._heard(worker)]

    def notes(self) -> list[str]:
        return [f"{w.cell.name} {w.note}".strip() for w in self._workers if w is not None and w.cell is not None]

    def close(self) -> None:
        running = [worker for worker in self._workers if worker is not None]
        for worker in running:
            worker.process.terminate()
        for worker in running:
            worker.process.join(PATIENCE)
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()

    def _started(self, environment: dict[str, str]) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._compute), daemon=True)
        with workers_room.environment(environment):
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _heard(self, worker: _Worker) -> Iterator[EndedCell]:
        """Read a worker's messages, and see whether it lives."""
        running = worker.cell
        assert running is not None
        try:
            while worker.pipe.poll():
                message = worker.pipe.recv()
                if isinstance(message, str):
                    worker.note = message
                else:
                    worker.cell = None
                    yield EndedCell(running, message)
                    return
        except (EOFError, OSError):
            worker.process.join(PATIENCE)
        if not worker.process.is_alive():
            code = worker.process.exitcode or 0
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            worker.pipe.close()
            self._workers[self._workers.index(worker)] = None
            yield EndedCell(running, None, f"its process died: {how}")


def _serve(pipe: Connection, compute: Compute) -> None:
    """A worker: a cell comes in, notes and a record go out."""
    workers_room.begin()

    def progress(title: str, done: int, total: int, note: str = "", /) -> None:  # noqa: ARG001 - a listener's contract
        pipe.send(f"{title} {done}/{total}")

    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            cell: StudyCell = pipe.recv()
            pipe.send(compute(cell, progress))
