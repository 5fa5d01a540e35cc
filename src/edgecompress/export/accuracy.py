"""Accuracy of a model file where it is built: what it gets right, run by the agent in the file's own runtime."""

from pathlib import Path

from pydantic import Field

from edgecompress.formats.contract import Layout
from edgecompress.isolated.process import run_step
from edgecompress.record import Record

SECONDS = 6 * 3600


class FileAccuracy(Record):
    """The number of labelled samples that a file gets right."""

    correct: int
    samples: int
    percent: float = Field(description="100 * correct / samples")


def accuracy(path: Path, data: Path, *, layout: Layout = "channels_first", threads: int = 1) -> FileAccuracy:
    """Run the file on all of ``data``, an npz file with ``x`` (N, channels, ...) and ``y`` (N,), one sample at a time.

    Raises:
        CheckError: its runtime refused the file or crashed on it.
        InputError: the runtime is not installed, or the data do not fit.
    """
    job = {"file": str(path.resolve()), "eval": str(data.resolve()), "layout": layout, "threads": threads}
    event = run_step("accuracy", job, path, seconds=SECONDS)[-1]
    correct, samples = event["correct"], event["total"]
    return FileAccuracy(correct=correct, samples=samples, percent=100 * correct / samples)
