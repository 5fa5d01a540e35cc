"""Latency: time the runtime's own call, with all files in one process and in alternating order."""

from __future__ import annotations

import gc
import time
from array import array
from statistics import median

from .. import engines, inputs
from ..engines.contract import Engine, Feed
from ..errors import JobError
from ..events import Events
from ..job import Job
from ..system.processor import cpu_times, used_by_others
from ._windows import Windows

_clock = time.perf_counter_ns

# Different inputs, used in turn. An odd number meets both orders alike, and a prime one every stride.
ROWS = 31
WINDOW = 16  # rounds that "settle" compares
SETTLED = 0.02  # largest relative change of the median from one window to the next


MOST_KEPT = 16_384  # rounds whose times are sent; past it every second pair of rounds is dropped, again and again


class TimedFile:
    """One file, loaded, with its inputs and its times."""

    def __init__(self, job: Job, threads: int, batch: int | None) -> None:
        self.file, self.layout, accelerator = job.file("file"), job.layout(), job.accelerator()
        job.finish()
        start = _clock()
        self.engine: Engine = engines.load(self.file, threads, batch, accelerator)
        self.load_ns = _clock() - start
        self.first_ns = 0
        self.feed: list[Feed] = []
        self.samples = array("q")
        self.windows: Windows | None = None

    def take_inputs(self, rows: Feed | None, seed: int) -> None:
        """Prepare the inputs and run once: the first run, which allocates, is reported apart."""
        self.feed = inputs.feeds(self.engine, self.layout, rows, ROWS, seed)
        start = _clock()
        inputs.run(self.engine, self.feed[0], self.file.name)
        self.first_ns = _clock() - start


def latency(job: Job, events: Events) -> None:
    """Time inference, at batch 1 by default, of one or more files of the same runtime.

    Round r runs every file once on the same sample, in the given order for even r and reversed for odd r (ABBA), so
    that a drift of the machine meets all files alike. Rounds go on until ``min_runs`` and ``min_seconds`` are both
    reached, or ``max_seconds`` are over, and stop after an even number. Of very many rounds, an even sample is sent:
    one pair of rounds in ``stride``.

    Job: ``files``, each ``{"file", "layout"}`` and ``provider`` or ``delegate`` (none); ``inputs``, an npz file that
    gives up to 31 samples, as ``x`` or by the inputs' names (absent: noise from ``seed``); ``warmup``, a number of
    rounds or ``"settle"`` (until the median of 16 rounds is within 2 % of that of the 16 before, for every file);
    ``warmup_max_seconds`` (10); ``min_runs``; ``min_seconds`` (0); ``max_seconds``; ``window_seconds``, to sum up the
    times of each so many seconds apart (0: not); ``threads``; ``seed`` (0); ``batch`` (1), or ``"own"``: as many
    samples as a file takes at once whose batch size is fixed, else one. Events: ``progress``; then one ``latency`` a
    file.
    """
    threads, seed = job.count("threads"), job.count("seed", 0, least=0)
    min_runs, min_seconds, max_seconds = (
        job.count("min_runs"),
        job.seconds("min_seconds", 0),
        job.seconds("max_seconds"),
    )
    warmup = job.count_or("warmup", "settle")
    warmup_max = job.seconds("warmup_max_seconds", 10)
    window = job.seconds("window_seconds", 0)
    batch = job.count_or("batch", "own") if job.has("batch") else 1
    given = job.file("inputs") if job.has("inputs") else None
    file_jobs = job.jobs("files")
    job.finish()
    if max_seconds < min_seconds:
        raise JobError(f"'max_seconds' ({max_seconds}) is less than 'min_seconds' ({min_seconds})")

    for each in file_jobs:
        engines.prepare(each.file("file"))
    files = [TimedFile(each, threads, batch) for each in file_jobs]
    rows = None if given is None else inputs.read_rows(given, ROWS)
    for timed in files:
        timed.take_inputs(rows, seed)

    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        warmup_runs, settled = _warm_up(files, warmup, warmup_max, events)
        for timed in files:
            timed.windows = Windows(window) if window else None
        busy = cpu_times()
        rounds, stride, seconds = _measure(files, min_runs, min_seconds, max_seconds, events)
        others = used_by_others(busy, cpu_times())
    finally:
        if enabled:
            gc.enable()
    for timed in files:
        events.emit(
            "latency",
            file=timed.file.name,
            samples_ns=timed.samples.tolist(),
            load_ns=timed.load_ns,
            first_ns=timed.first_ns,
            warmup_runs=warmup_runs,
            settled=settled,
            runs=rounds,
            stride=stride,
            seconds=seconds,
            others=others,
            windows=timed.windows.done if timed.windows is not None else [],
            threads=threads,
            inputs="noise" if rows is None else "rows",
            runtime=timed.engine.runtime,
            version=timed.engine.version,
            details=timed.engine.details,
            placement=timed.engine.placement,
        )


def _round(files: list[TimedFile], number: int) -> None:
    """Time every file once. What is inside the clock is ``Engine.run``."""
    for timed in files if number % 2 == 0 else reversed(files):
        x = timed.feed[number % len(timed.feed)]
        run = timed.engine.run
        start = _clock()
        run(x)
        end = _clock()
        timed.samples.append(end - start)


def _warm_up(files: list[TimedFile], fixed: int | None, max_seconds: float, events: Events) -> tuple[int, bool | None]:
    """Run rounds and forget their times. Returns their number, and whether they settled (``None``: not asked)."""
    start = time.monotonic()
    rounds, settled = 0, False
    while rounds < fixed if fixed is not None else not settled and time.monotonic() - start < max_seconds:
        _round(files, rounds)
        rounds += 1
        if fixed is None and rounds % WINDOW == 0 and rounds >= 2 * WINDOW:
            settled = all(_is_settled(timed.samples) for timed in files)
        events.progress(phase="warm-up", runs=rounds, seconds=time.monotonic() - start)
    for timed in files:
        del timed.samples[:]
    return rounds, None if fixed is not None else settled


def _is_settled(samples: array[int]) -> bool:
    before, last = median(samples[-2 * WINDOW : -WINDOW]), median(samples[-WINDOW:])
    return abs(last - before) <= SETTLED * before


def _measure(
    files: list[TimedFile], min_runs: int, min_seconds: float, max_seconds: float, events: Events
) -> tuple[int, int, float]:
    """Run timed rounds, always in pairs of one order and its reverse.

    Returns their number, the stride of those that are kept, and how long they took, in seconds.
    """
    start = time.monotonic()
    rounds, stride, seconds = 0, 1, 0.0
    while not (rounds >= min_runs and seconds >= min_seconds) and (not rounds or seconds < max_seconds):
        _round(files, rounds)
        _round(files, rounds + 1)
        for timed in files:
            if timed.windows is not None:
                timed.windows.add(timed.samples[-2:])
        if (rounds // 2) % stride:
            for timed in files:
                del timed.samples[-2:]
        elif len(files[0].samples) >= MOST_KEPT:
            stride *= 2
            for timed in files:
                timed.samples = _every_second_pair(timed.samples)
        rounds += 2
        seconds = time.monotonic() - start
        events.progress(phase="timed", runs=rounds, min_runs=min_runs, seconds=seconds, min_seconds=min_seconds)
    return rounds, stride, seconds


def _every_second_pair(samples: array[int]) -> array[int]:
    return array("q", [value for i, value in enumerate(samples) if i % 4 < 2])
