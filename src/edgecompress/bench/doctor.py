"""Examine a device before a benchmark: what is wrong with it, and how to mend it."""

import re
from typing import Literal

from edgecompress import target
from edgecompress.agent import telemetry
from edgecompress.bench.board import mismatch
from edgecompress.bench.machine import Conditions
from edgecompress.bench.packages import how_to_install
from edgecompress.bench.session import session
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.emulated import emulator, processors
from edgecompress.deploy.provision import LEAST_LITERT, MODULES
from edgecompress.deploy.transports.contract import Connection
from edgecompress.deploy.wheels import Platform
from edgecompress.devices import EMULATED, LOCAL, Device
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.record import Record

_SECONDS = 120
_PROVIDERS = (
    f"import os; os.environ.update({telemetry.OFF!r}); "
    "import onnxruntime; print(*onnxruntime.get_available_providers())"
)
_RUNS = {"onnxruntime": ("onnxruntime",), "litert": ("ai-edge-litert", "tflite-runtime")}
_LEAST_DISK, _LITTLE_DISK = 32 * 2**20, 512 * 2**20  # bytes: a bundle; the runtimes as well
_LITTLE_MEMORY = 256 * 2**20
_HOT = 70.0  # degrees Celsius; a Raspberry Pi slows down from 80 on
_BUSY = 0.25  # of all cores
_GOVERNOR = "echo performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
_QEMU = "apt-get install qemu-user-static; qemu-user instead of it counts instructions too"
_SUPPLY = "use the board's own power supply and a short cable"


class Finding(Record):
    """One thing that was looked at."""

    subject: str
    state: Literal["good", "doubtful", "bad", "unknown"]  # bad: no benchmark; doubtful: one whose figures are
    found: str
    mend: str = ""


def doctor(device: Device) -> list[Finding]:
    """Look at everything that a benchmark needs, as far as the device lets."""
    findings: list[Finding] = []
    try:
        with session(device, waits=False) as there:
            findings.append(Finding(subject="connection", state="good", found=f"reached by {device.transport}"))
            conditions = there.conditions("now")
            findings += _python(there.connection, device, conditions)
            findings += _accelerator(there.connection, device, conditions)
            findings += _emulator(device)
    except RuntimeFailedError as error:
        findings.append(Finding(subject="python" if findings else "connection", state="bad", found=str(error)))
        return findings
    if device.emulated:
        return findings  # whose state this machine's is not, and which has no speed
    return [*findings, *examine(conditions, device.target, device.transport)]


def examine(conditions: Conditions, profile: str | None, transport: str) -> list[Finding]:
    """Findings on a machine's state for a benchmark. ``profile``: which board it should be; ``None``: any."""
    return [
        _board(conditions, profile, transport),
        _room("disk", conditions.disk_free, _LITTLE_DISK, _LEAST_DISK, "remove files, or: edgecompress devices clean"),
        _room("memory", conditions.memory.available, _LITTLE_MEMORY, 0, "stop other programs"),
        *_speed(conditions),
        _load(conditions),
    ]


def _python(connection: Connection, device: Device, conditions: Conditions) -> list[Finding]:
    """Python there, and which packages it can import."""
    setup = how_to_install(device)
    python = conditions.python or ""
    old = tuple(int(part) for part in python.split(".")[:2]) < (3, 9)
    newer = "set another interpreter: devices add --python" if old else ""
    version = f"{python} ({connection.python})"
    findings = [Finding(subject="python", state="bad" if old else "good", found=version, mend=newer)]
    broken: dict[str, str] = {}
    for name, module in MODULES.items():
        if conditions.versions.get(name):
            command = [connection.python, "-c", f"import {module}"]
            finished = connection.run(command, Deadline.after(_SECONDS), lambda _: None)
            if finished.code:
                lines = finished.errors.strip().splitlines()
                broken[name] = lines[-1] if lines else f"its import ended with code {finished.code}"
    for subject, names in {"numpy": ("numpy",), "psutil": ("psutil",), **_RUNS}.items():
        usable = [name for name in names if conditions.versions.get(name) and name not in broken]
        if usable:
            findings.append(_version(subject, usable[0], conditions.versions[usable[0]] or "", setup))
            continue
        found = "; ".join(broken[name] for name in names if name in broken) or "not installed"
        state: Literal["bad", "doubtful"] = "doubtful" if subject in _RUNS else "bad"
        # Where no runtime is made for such a Python, set-up leads nowhere, and this does.
        mend = (_platform(conditions).why_not() if subject in _RUNS else "") or setup
        findings.append(Finding(subject=subject, state=state, found=found, mend=mend))
    if not any(conditions.versions.get(name) and name not in broken for names in _RUNS.values() for name in names):
        findings[-len(_RUNS) :] = [each.model_copy(update={"state": "bad"}) for each in findings[-len(_RUNS) :]]
    return findings


def _version(subject: str, package: str, version: str, setup: str) -> Finding:
    """A package that can be imported, unless this release of it computes something else."""
    found = f"{package} {version}"
    if package == "ai-edge-litert" and _numbers(version) < _numbers(LEAST_LITERT):
        found += f": computes noise from weights stored as csr-float16, which {LEAST_LITERT} and later do not"
        return Finding(subject=subject, state="doubtful", found=found, mend=setup)
    return Finding(subject=subject, state="good", found=found)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:2]]


def _platform(conditions: Conditions) -> Platform:
    python = ".".join((conditions.python or "").split(".")[:2])
    return Platform(conditions.machine, python, conditions.libc or "", conditions.python_bits or 64)


def _accelerator(connection: Connection, device: Device, conditions: Conditions) -> list[Finding]:
    """The finding on the providers of the board's accelerator in its onnxruntime."""
    wanted = target.load(device.target).providers if device.target else []
    if not wanted or not conditions.versions.get("onnxruntime"):
        return []
    finished = connection.run([connection.python, "-c", _PROVIDERS], Deadline.after(_SECONDS), lambda _: None)
    there = finished.output.split()
    if finished.code or not there:
        return []  # that it does not import is a finding already
    provided = [name for name in wanted if name in there]
    if provided:
        short = provided[0].removesuffix("ExecutionProvider").lower()
        found = f"onnxruntime has {', '.join(provided)}; measure with --provider {short}"
        return [Finding(subject="accelerator", state="good", found=found)]
    found = f"this onnxruntime has no {' and no '.join(wanted)}; it has {', '.join(there)}"
    mend = "only the CPU can be measured; for the GPU install the onnxruntime-gpu that NVIDIA builds for this JetPack"
    return [Finding(subject="accelerator", state="doubtful", found=found, mend=mend)]


def _emulator(device: Device) -> list[Finding]:
    """The finding on emulation on this machine: files are proved off AVX with it, and instructions counted."""
    if device.transport not in (LOCAL, EMULATED):
        return []
    machine = processors.find(device.processor or "x86-no-avx").machine
    try:
        found = emulator.version(machine)
    except InputError:
        found = "none: what TFLite files compute on processors without AVX, as every Arm board's, is not proved"
        return [Finding(subject="emulator", state="doubtful", found=found, mend=_QEMU)]
    why = emulator.cannot_count(machine)
    if why is None:
        return [Finding(subject="emulator", state="good", found=f"{found}; instructions are counted")]
    found = f"{found}; {why.partition(': ')[0]}"
    return [Finding(subject="emulator", state="doubtful", found=found, mend=emulator.CURE)]


def _board(conditions: Conditions, profile: str | None, transport: str) -> Finding:
    name = conditions.board or conditions.cpu or conditions.machine
    why = mismatch(target.load(profile), conditions, transport) if profile else ""
    if why:
        mend = f"it is registered as {profile}: devices add --replace, with another --target or none"
        return Finding(subject="board", state="bad", found=f"{name}: {why}", mend=mend)
    if conditions.emulation.emulated:
        why = f"{name}, emulated ({conditions.emulation.why})"
        return Finding(subject="board", state="doubtful", found=why, mend="measure on a real board")
    return Finding(subject="board", state="good", found=name)


def _room(subject: str, size: int | None, little: int, least: int, mend: str) -> Finding:
    if size is None:
        return Finding(subject=subject, state="unknown", found="not known")
    found = f"{size / 2**20:,.0f} MiB free"
    if size >= little:
        return Finding(subject=subject, state="good", found=found)
    return Finding(subject=subject, state="bad" if size < least else "doubtful", found=found, mend=mend)


def _speed(conditions: Conditions) -> list[Finding]:
    """The findings on what decides how fast the processor runs."""
    findings = []
    governors = sorted({name for name in (conditions.frequency.governors if conditions.frequency else []) if name})
    if not governors:
        findings.append(Finding(subject="governor", state="unknown", found="the kernel shows none"))
    elif governors == ["performance"]:
        findings.append(Finding(subject="governor", state="good", found="performance"))
    else:
        findings.append(Finding(subject="governor", state="doubtful", found=", ".join(governors), mend=_GOVERNOR))
    mode = conditions.power_mode
    if mode is not None:
        full = mode.upper().startswith("MAXN")
        mend = "" if full else "sudo nvpmodel -m 0 && sudo jetson_clocks"
        findings.append(Finding(subject="power mode", state="good" if full else "doubtful", found=mode, mend=mend))
    throttling = conditions.throttling
    if throttling is None:
        findings.append(Finding(subject="throttling", state="unknown", found="not reported there"))
    else:
        seen = [f"{name} now" for name in throttling.now]
        seen += [f"{name} since it was started" for name in throttling.since_boot if name not in throttling.now]
        mend = _SUPPLY if any("voltage" in name for name in seen) else "cool it, and start it again" if seen else ""
        state: Literal["doubtful", "good"] = "doubtful" if seen else "good"
        findings.append(Finding(subject="throttling", state=state, found=", ".join(seen) or "none", mend=mend))
    if not conditions.temperatures:
        findings.append(Finding(subject="temperature", state="unknown", found="the kernel shows none"))
    else:
        zone, degrees = max(conditions.temperatures.items(), key=lambda each: each[1])
        hot = degrees >= _HOT
        mend = "let it cool, or give it a fan" if hot else ""
        found = f"{degrees:.0f} °C ({zone})"
        findings.append(Finding(subject="temperature", state="doubtful" if hot else "good", found=found, mend=mend))
    return findings


def _load(conditions: Conditions) -> Finding:
    if conditions.load is None or not conditions.cores:
        return Finding(subject="load", state="unknown", found="not known")
    found = f"{conditions.load[0]:.2f} on {conditions.cores} cores"
    if conditions.load[0] > _BUSY * conditions.cores:
        return Finding(subject="load", state="doubtful", found=found, mend="stop other programs, or wait a minute")
    return Finding(subject="load", state="good", found=found)
