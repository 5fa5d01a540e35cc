"""Setting a board up: an environment of its own there, with NumPy, psutil and the runtimes."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgecompress.deploy.on_device import AgentFailedError, AgentOnDevice, Event
from edgecompress.deploy.transports.contract import ENVIRONMENT, Connection
from edgecompress.deploy.wheels import NoWheelError, Platform, fetch
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.progress import Progress, silent

INSTALL_SECONDS = 3600
_BASE = ("numpy", "psutil")
# What runs the files of a runtime, in order of preference. ai-edge-litert 1.4 to 2.1 computes noise from sparse float16
# weights (docs/runtimes.md), tflite-runtime does not; the last release of that needs NumPy 1.
LEAST_LITERT = "2.2"
ALTERNATIVES: dict[str, tuple[tuple[str, ...], ...]] = {
    "onnxruntime": (("onnxruntime",),),
    "litert": ((f"ai-edge-litert>={LEAST_LITERT}",), ("tflite-runtime", "numpy<2")),
}

# What is imported of each.
MODULES = {
    "numpy": "numpy",
    "psutil": "psutil",
    "onnxruntime": "onnxruntime",
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}

Install = Callable[[list[str]], Event]


class NoRuntimeError(RuntimeFailedError):
    """Not one of the runtimes can be had."""


@dataclass(frozen=True)
class Provisioned:
    """The packages on the board after provisioning."""

    fresh: bool  # false: it was there already
    packages: dict[str, str]  # names and versions
    left_out: dict[str, str] = field(default_factory=dict)  # runtimes that cannot be had there, and why


def provision(
    connection: Connection,
    runtimes: Sequence[str],
    *,
    offline: bool,
    cache: Path,
    progress: Progress = silent,
) -> Provisioned:
    """Make the environment, unless it is there.

    Args:
        connection: To the board.
        runtimes: ``onnxruntime``, ``litert``. One that has no wheel for the board is left out, not all of them.
        offline: Whether wheels are fetched here and pushed; else the board's own pip gets them.
        cache: Where fetched wheels are kept here.
        progress: Called with every step.

    Raises:
        InputError: nothing can be kept on this device.
        RuntimeFailedError: the board has no Python, no pip or no network, or no runtime at all fits.
    """
    if connection.root is None:
        raise InputError("this machine needs no set-up: pip install 'edgecompress[bench]'")
    agent = AgentOnDevice(connection, connection.own_python)
    progress("look at the board", 0, 1)
    (found,) = agent.step("conditions", {}, seconds=60, on_progress=lambda _: None)
    python = ".".join(found["python"].split(".")[:2])
    board = Platform(found["machine"], python, found["libc"] or "", found["python_bits"] or 64)
    progress("look at the board", 1, 1, f"{board.processor}, Python {board.python}, {board.libc or 'musl'}")
    folder = f"{connection.root}/{ENVIRONMENT}"

    def install(requirements: list[str]) -> Event:
        key = hashlib.sha256(json.dumps([requirements, board.tags(), found["python"], offline]).encode()).hexdigest()
        job: Event = {"folder": folder, "key": key}
        # What is there is not what runs there: each is imported once before it counts as installed.
        names = [package(each) for each in requirements]
        job["imports"] = [{"package": name, "module": MODULES[name]} for name in names]
        (event,) = agent.step("install", job, seconds=INSTALL_SECONDS, on_progress=lambda _: None)
        if event["packages"]:
            return event
        if offline:
            progress("fetch wheels", 0, 1, ", ".join(requirements))
            wheels = fetch(requirements, board, cache)
            progress("fetch wheels", 1, 1)
            for done, wheel in enumerate(wheels):
                progress("push wheels", done, len(wheels), wheel.name)
                agent.push(wheel)
            progress("push wheels", len(wheels), len(wheels))
            job["wheels"] = [{"file": wheel.name} for wheel in wheels]
        else:
            job["requirements"] = [{"text": each} for each in requirements]
        progress("install", 0, 1, ", ".join(requirements))
        try:
            (event,) = agent.step("install", job, seconds=INSTALL_SECONDS, on_progress=lambda _: None)
        except AgentFailedError as error:
            missing = re.search(r"no wheel of (\S+) fits here", str(error))
            if missing:
                raise NoWheelError(missing[1]) from error
            broken = re.search(r"(\S+) does not run here: (.*)", str(error))
            if broken:
                raise NoWheelError(broken[1], f"{broken[1]} does not run there: {broken[2]}") from error
            raise
        progress("install", 1, 1, ", ".join(f"{name} {version}" for name, version in event["packages"].items()))
        return event

    try:
        event, left_out = choose(runtimes, install)
    except (NoWheelError, NoRuntimeError) as error:
        why = board.why_not()
        raise RuntimeFailedError(f"{error}; {why}" if why else str(error)) from error
    return Provisioned(event["fresh"], event["packages"], left_out)


def choose(runtimes: Sequence[str], install: Install) -> tuple[Event, dict[str, str]]:
    """Install the first alternative of each runtime that can be had.

    Returns what ``install`` gave, and why runtimes were left out.

    Raises:
        RuntimeFailedError: not one can be had, or ``install`` failed for another reason.
    """
    left = {runtime: list(ALTERNATIVES[runtime]) for runtime in runtimes}
    left_out: dict[str, str] = {}
    while left:
        chosen = [requirement for alternatives in left.values() for requirement in alternatives[0]]
        base = [name for name in _BASE if name not in map(package, chosen)]
        try:
            return install([*base, *chosen]), left_out
        except NoWheelError as error:
            affected = [name for name, alternatives in left.items() if error.package in map(package, alternatives[0])]
            if not affected:
                raise
            for runtime in affected:
                left[runtime].pop(0)
                if not left[runtime]:
                    left_out[runtime] = str(error)
                    del left[runtime]
    raise NoRuntimeError(f"no runtime fits this board: {'; '.join(left_out.values())}")


def package(requirement: str) -> str:
    """The package that a requirement asks for."""
    return re.split(r"[^\w-]", requirement)[0]
