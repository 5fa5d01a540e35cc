"""Run a model file on an emulated processor, where its values depend on the processor."""

import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgecompress.deploy.emulated import emulator, guest, processors
from edgecompress.deploy.on_device import AgentOnDevice, Event
from edgecompress.deploy.transports.emulated import emulated
from edgecompress.errors import InputError
from edgecompress.progress import Progress, silent

Floats = npt.NDArray[np.float32]


def why_not(processor: str) -> str | None:
    """The reason why nothing runs on that processor without a setup, and how to do that; ``None``: it can run.

    Raises:
        InputError: there is no such processor.
    """
    machine = processors.find(processor).machine
    try:
        emulator.program(machine)
    except InputError as error:
        return str(error)
    if not guest.is_made(machine):
        return f"{processor} is not set up here: edgecompress devices setup emulated:{processor}"
    return None


def outputs(
    path: Path,
    x: Floats,
    processor: str,
    *,
    layout: Literal["channels_first", "channels_last"],
    seconds: float,
    progress: Progress = silent,
) -> tuple[Floats, str]:
    """The outputs of the file's runtime for ``x`` (samples, channels, ...), float32, and the runtime with its version.

    Raises:
        InputError: there is no such processor, or no emulator.
        AgentFailedError: the runtime refuses the file, dies of it, or takes longer than ``seconds``.
    """
    with tempfile.TemporaryDirectory(prefix="edgecompress-") as name, emulated(processor) as connection:
        given, made = Path(name) / "inputs.npz", Path(name) / "outputs.npz"
        np.savez(given, x=x)
        agent = AgentOnDevice(connection)
        agent.push(path)
        agent.push(given)
        job = {"file": path.name, "inputs": given.name, "output": made.name, "layout": layout}
        title = f"{path.name} on {processor}"

        def on_progress(event: Event) -> None:
            progress(title, event["done"], event["total"])

        progress(title, 0, len(x))
        (event,) = agent.step("outputs", job, seconds=seconds, on_progress=on_progress)
        agent.pull(made.name, made)
        with np.load(made, allow_pickle=False) as archive:
            y: Floats = archive["y"]
    return y, f"{event['runtime']} {event['version']}"
