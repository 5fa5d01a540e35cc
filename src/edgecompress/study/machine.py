"""The machine that a cell is computed on, as the agent sees it."""

import importlib.metadata
import io
import json
import platform

from edgecompress.agent.events import Events
from edgecompress.agent.job import Job
from edgecompress.agent.steps.conditions import conditions
from edgecompress.study.records import Machine
from edgecompress.workers import cores

PACKAGES = ("torch", "numpy", "scikit-learn", "onnx", "onnx-ir", "onnxruntime", "ai-edge-litert")


def machine(*, threads: int, gpu: str | None) -> Machine:
    """This machine; ``threads`` are those that PyTorch uses, ``gpu`` is the name of the one it trains on."""
    stream = io.StringIO()
    conditions(Job.parse("{}"), Events(stream))
    found = json.loads(stream.getvalue())
    return Machine(
        system=found["system"],
        machine=found["machine"],
        cpu=found["cpu"],
        emulated=found["emulation"]["emulated"],
        cores=cores(),
        threads=threads,
        gpu=gpu,
        python=platform.python_version(),
        versions={name: version for name in PACKAGES if (version := _version(name))},
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
