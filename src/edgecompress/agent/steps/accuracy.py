"""Accuracy: how many samples of a labelled file a model gets right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import engines, inputs
from ..errors import JobError, RuntimeRefusedError
from ..events import Events
from ..job import Job


def accuracy(job: Job, events: Events) -> None:
    """Compare the largest output of each sample with its label.

    Job: ``file``; ``eval``, an npz file with ``x`` (samples, channels, ...) and ``y`` (samples, class numbers);
    ``layout``; ``threads``; ``limit``, the number of samples to take from the front (all); ``reference``, an npz file
    with ``y`` (at most as many rows as samples, classes), to compare the outputs with; ``batch`` (1); ``provider`` or
    ``delegate`` (none). Events: ``progress``; then ``accuracy`` with ``correct``, ``total`` and ``largest_difference``
    (absolute, over the rows that the reference has; null without one).
    """
    file, data, layout, threads = job.file("file"), job.file("eval"), job.layout(), job.count("threads")
    batch, accelerator = job.count("batch", 1), job.accelerator()
    limit = job.count("limit") if job.has("limit") else None
    reference = inputs.read_array(job.file("reference"), "y").astype(np.float32) if job.has("reference") else None
    job.finish()
    x, y = inputs.read_array(data, inputs.ONLY)[:limit], inputs.read_array(data, "y")[:limit]
    if y.shape != (len(x),):
        raise JobError(f"{data}: 'x' has {len(x)} samples and 'y' the shape {y.shape}; give one label a sample")
    engine = engines.load(file, threads, batch, accelerator)
    correct, difference = 0, None if reference is None else 0.0
    for number, part in enumerate(inputs.batches({inputs.ONLY: x}, engine, layout)):
        first = number * batch
        outputs = np.asarray(inputs.run(engine, part, file.name)[0], dtype=np.float32)[: len(x) - first]
        if not np.isfinite(outputs).all():
            raise RuntimeRefusedError(f"{file.name} gives outputs that are not finite, first at sample {first}")
        correct += int(np.count_nonzero(outputs.argmax(axis=-1) == y[first : first + batch]))
        if reference is not None and difference is not None:
            difference = max(difference, _difference(outputs, reference[first : first + len(outputs)]))
        events.progress(done=min(first + batch, len(x)), total=len(x), correct=correct)
    events.emit(
        "accuracy",
        file=file.name,
        correct=correct,
        total=len(x),
        largest_difference=difference,
        runtime=engine.runtime,
        version=engine.version,
    )


def _difference(outputs: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> float:
    """The largest absolute difference over the rows that ``expected`` has."""
    if outputs.shape[1:] != expected.shape[1:]:
        raise JobError(f"the reference has rows of shape {expected.shape[1:]}, the model's are {outputs.shape[1:]}")
    return float(np.abs(outputs[: len(expected)] - expected).max()) if len(expected) else 0.0
