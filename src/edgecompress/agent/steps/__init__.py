"""The steps: one file each, with one function of the same name that takes a job and writes events."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from ..events import Events
from ..job import Job

STEPS = (
    "accelerator",
    "accuracy",
    "conditions",
    "energy",
    "install",
    "instructions",
    "latency",
    "memory",
    "metric",
    "tflite_micro",
    "tflite_micro_same",
    "outputs",
    "profile",
    "unpack",
)


def find(name: str) -> Callable[[Job, Events], None]:
    """The step of that name, one of ``STEPS``.

    It is imported when it is asked for: a board that has no NumPy yet can say so, and have it installed.
    """
    step: Callable[[Job, Events], None] = getattr(importlib.import_module(f".{name}", __name__), name)
    return step
