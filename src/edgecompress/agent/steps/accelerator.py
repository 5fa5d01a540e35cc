"""Accelerator: whether a runtime here has the provider or the delegate that is asked for."""

from __future__ import annotations

from .. import engines
from ..events import Events
from ..job import Job


def accelerator(job: Job, events: Events) -> None:
    """Say that what is asked for is there, before anything is measured with it.

    Job: ``file``, which says by its name which runtime is meant; ``provider`` or ``delegate``. Event: ``accelerator``.
    """
    path, asked = job.path("file"), job.accelerator()
    job.finish()
    engines.check(path, asked)
    events.emit("accelerator", file=path.name)
