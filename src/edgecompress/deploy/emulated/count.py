"""Count the instructions that one inference of a model file executes on an emulated processor."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import platformdirs
from pydantic import Field

from edgecompress.deploy.agent_zip import agent_zip
from edgecompress.deploy.emulated import emulator, guest, processors
from edgecompress.deploy.on_device import AgentOnDevice, Event
from edgecompress.deploy.transports.emulated import emulated
from edgecompress.errors import InputError
from edgecompress.progress import Progress, silent
from edgecompress.record import Record, write_atomically

_SECONDS = 3600


class Instructions(Record):
    """Executed guest instructions of batch-1 inference on one thread. A vector instruction counts as one.

    They are no time: processors differ in how many instructions they finish at once, and memory is not in it.
    """

    per_inference: int = Field(description="the least run's: whatever else the process does meanwhile adds to a run")
    spread: float = Field(description="how far the median run is above it, as a part of it")
    executed: list[int] = Field(min_length=1, description="of each run, on the same input")
    processor: str = Field(description="that was emulated")
    runtime: str = Field(description="with its version")
    emulator: str = Field(description="with its version")


def describe(event: Event, processor: str) -> Instructions:
    """The record of the agent's step ``instructions`` on that processor."""
    executed: list[int] = event["executed"]
    least = min(executed)
    return Instructions(
        per_inference=least,
        spread=(median(executed) - least) / max(1, least),
        executed=executed,
        processor=processor,
        runtime=f"{event['runtime']} {event['version']}",
        emulator=emulator.version(processors.find(processor).machine),
    )


def count(
    path: Path,
    processor: str,
    *,
    runtime: str = "",
    runs: int = 4,
    seconds: float = _SECONDS,
    progress: Progress = silent,
) -> Instructions:
    """Run the file at ``path`` on noise, and count. What was counted before is not run again.

    Args:
        path: An ONNX or TFLite file.
        processor: One of ``processors.PROCESSORS``.
        runtime: Another than the one installed here, as pip reads it: ``ai-edge-litert==2.2.0``.
        runs: How many inferences are counted, each by itself.
        seconds: How long it may take.
        progress: Called with every step.

    Raises:
        InputError: there is no such file or processor, or nothing here can count; the line says what to install.
        AgentFailedError: the runtime refuses the file, or dies of it.
    """
    machine = processors.find(processor).machine
    wanted = ["numpy<2" if "tflite-runtime" in runtime else "numpy", "psutil", runtime] if runtime else []
    kept = _kept(path, processor, wanted or guest.requirements(), runs)
    if kept.exists():
        return Instructions.from_file(kept)
    why = emulator.cannot_count(machine)
    if why is not None:
        raise InputError(why)
    with emulated(processor, requirements=wanted, progress=progress) as connection:
        agent = AgentOnDevice(connection)
        agent.push(path)
        job = {"file": path.name, "layout": "channels_first", "counts": emulator.COUNTS, "runs": runs}

        def on_progress(event: Event) -> None:
            progress(f"count {path.name}", event["runs"], event["total"])

        progress(f"count {path.name}", 0, runs, processor)
        (event,) = agent.step("instructions", job, seconds=seconds, on_progress=on_progress)
    counted = describe(event, processor)
    write_atomically(kept, counted.to_json())
    return counted


def ratio(changed: Instructions, reference: Instructions) -> float:
    """Instructions of one file over another's.

    Raises:
        InputError: they are of different processors.
    """
    if changed.processor != reference.processor:
        raise InputError(f"counts of different processors have no ratio: {changed.processor} and {reference.processor}")
    return changed.per_inference / reference.per_inference


def _kept(path: Path, processor: str, requirements: Sequence[str], runs: int) -> Path:
    """The file in which the count of this file is kept: its name is a hash over all that the count depends on."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    machine = processors.find(processor).machine
    depends = [
        hashlib.sha256(content).hexdigest(),
        path.suffix,
        processor,
        sorted(requirements),
        runs,
        hashlib.sha256(agent_zip()).hexdigest(),
        emulator.version(machine),
    ]
    name = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:32]
    return platformdirs.user_cache_path("edgecompress") / "instructions" / f"{name}.json"
