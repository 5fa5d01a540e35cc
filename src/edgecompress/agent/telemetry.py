"""Telemetry of the runtimes: none of it leaves a process of ours, and none of it runs beside what is measured."""

import os

# onnxruntime for Linux since 1.29 sends a model's file name, producer and hashes to its maker unless this is set, and
# keeps a device id and a database in the user's cache folder and a thread. LiteRT sends nothing.
OFF = {"ORT_DISABLE_TELEMETRY": "1"}


def switch_off() -> None:
    """Say no for this process and its children, before a runtime is loaded. A variable that is set keeps its value."""
    for name, value in OFF.items():
        os.environ.setdefault(name, value)
