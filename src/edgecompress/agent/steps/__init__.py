"""The steps: one file each, with one function of the same name that takes a job and writes events."""

from __future__ import annotations

from collections.abc import Callable

from ..events import Events
from ..job import Job
from .accuracy import accuracy
from .conditions import conditions
from .latency import latency
from .memory import memory
from .outputs import outputs
from .unpack import unpack

STEPS: dict[str, Callable[[Job, Events], None]] = {
    "accuracy": accuracy,
    "conditions": conditions,
    "latency": latency,
    "memory": memory,
    "outputs": outputs,
    "unpack": unpack,
}
