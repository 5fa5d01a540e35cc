"""Latency in several processes, one after the other, as one measurement.

Where a process has its memory changes its times by a percent or more and stays as it is while the process runs, however
long that is; and of two equal files the one that was loaded first may be the slower one all the time. So a measurement
in one process has an interval that is narrow and of that process alone (Kalibera and Jones, "Rigorous Benchmarking in
Reasonable Time", ISMM 2013). The runs are shared out among processes instead, which load the files in alternating
order, and ``timing`` has the intervals of such times.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from edgecompress.agent.steps.latency import MOST_KEPT
from edgecompress.bench.protocol import Protocol
from edgecompress.deploy.on_device import Event


def share(protocol: Protocol, files: Sequence[Event], number: int) -> Event:
    """The job of process ``number``: its part of the runs and of the time. A warm-up is what each needs for itself."""
    count = protocol.processes
    return {
        "files": list(files if number % 2 == 0 else reversed(files)),
        "warmup": "settle" if protocol.warmup is None else protocol.warmup,
        "warmup_max_seconds": protocol.warmup_max_seconds,
        "min_runs": -(-protocol.min_runs // count),
        "min_seconds": protocol.min_seconds / count,
        "max_seconds": protocol.max_seconds / count,
        "window_seconds": protocol.window_seconds,
        # Of inputs that are noise. By it a journal distinguishes one process's job from another's.
        "seed": protocol.seed + number,
    }


def together(parts: Sequence[Sequence[Event]]) -> list[Event]:
    """The events of all processes, one a file as the first process has them: counts and times added up.

    ``samples_ns`` are those of one process after the other, and ``processes`` says how many each has. They are thinned
    to the largest ``stride`` of any, by pairs of rounds, so that each process counts by its runs; and as far as the
    agent thins those of one, so that a record grows with neither.
    """
    return [
        _merged([next(event for event in part if event["file"] == one["file"]) for part in parts]) for one in parts[0]
    ]


def _merged(events: Sequence[Event]) -> Event:
    stride = max(event["stride"] for event in events)
    samples = [_every(event["samples_ns"], stride // event["stride"]) for event in events]
    while sum(map(len, samples)) > MOST_KEPT:
        samples, stride = [_every(each, 2) for each in samples], 2 * stride
    settled = [event["settled"] for event in events]
    return {
        **events[0],
        "samples_ns": list(chain(*samples)),
        "processes": [len(each) for each in samples],
        "stride": stride,
        "runs": sum(event["runs"] for event in events),
        "warmup_runs": sum(event["warmup_runs"] for event in events),
        "settled": None if None in settled else all(settled),
        "seconds": sum(event["seconds"] for event in events),
        "others": _others(events),
    }


def _every(samples: Sequence[int], step: int) -> list[int]:
    """One pair of rounds in ``step``: both orders of the files, as often."""
    return [value for start in range(0, len(samples), 2 * step) for value in samples[start : start + 2]]


def _others(events: Sequence[Event]) -> dict[str, Any] | None:
    """The use by others, on average over the time of all processes; ``None``: one of them could not see it."""
    if any(event["others"] is None for event in events):
        return None
    seconds = sum(event["seconds"] for event in events)
    return {
        name: sum(event["others"][name] * event["seconds"] for event in events) / seconds
        for name in events[0]["others"]
    }
