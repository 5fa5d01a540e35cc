"""Conditions: the machine that a measurement is taken on, and the state it is in."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import struct
import sys
import time
import zipfile
from pathlib import Path

from ..events import Events
from ..job import Job
from ..system.emulation import emulation
from ..system.files import entries, number, output, text
from ..system.heat import power_mode, temperatures, throttling
from ..system.power import sensor

# By the names that records use; the builds of onnxruntime with CUDA are distributed under another.
_DISTRIBUTIONS = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    **{name: (name,) for name in ("ai-edge-litert", "tflite-runtime", "numpy", "psutil")},
}


def conditions(job: Job, events: Events) -> None:
    """Report processor, clocks, memory, load and versions. What the system does not tell is null.

    Job: ``root`` ("/"), the folder that ``proc`` and ``sys`` are read from; ``machine`` (this one's), as ``uname -m``
    names it. Event: ``conditions``; memory and disk are in bytes, clocks in kHz, temperatures in degrees Celsius.
    """
    root = job.path("root") if job.has("root") else Path("/")
    machine = job.text("machine", platform.machine())
    job.finish()
    phone = _phone(root)
    affinity = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    events.emit(
        "conditions",
        system="Android" if phone else platform.system(),
        kernel=platform.release(),
        machine=machine,
        board=text(root / "proc/device-tree/model"),
        product=phone or text(root / "sys/class/dmi/id/product_name"),
        cpu=_cpu(root),
        cores=os.cpu_count(),
        affinity=affinity,
        frequency=_frequency(root),
        memory=_memory(root),
        load=_load(root),
        emulation=emulation(root, machine),
        temperatures=temperatures(root),
        throttling=throttling(root),
        power_mode=power_mode(root),
        power=_power(root),
        clock=_clock(),
        agent=_agent(),
        disk_free=shutil.disk_usage(Path.cwd()).free,
        python=platform.python_version(),
        python_bits=8 * struct.calcsize("P"),
        libc=" ".join(platform.libc_ver()).strip() or None,
        pip=importlib.util.find_spec("pip") is not None,
        versions=_versions(),
    )


def _phone(root: Path) -> str | None:
    """Maker and model of an Android device; ``None`` where this is none."""
    if not output(root, "getprop", "ro.build.version.release"):
        return None
    words = [output(root, "getprop", f"ro.product.{name}") for name in ("manufacturer", "model")]
    return " ".join(word for word in words if word) or "Android"


def _cpu(root: Path) -> str | None:
    """The processor's name; on ARM, where /proc/cpuinfo has numbers, the implementer and part of each kind of core."""
    cpuinfo = text(root / "proc/cpuinfo") or ""
    name = re.search(r"^(?:model name|Processor)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    if name:
        return str(name.group(1)).strip()
    makers = re.findall(r"^CPU implementer\s*:\s*(\S+)", cpuinfo, re.MULTILINE)
    parts = re.findall(r"^CPU part\s*:\s*(\S+)", cpuinfo, re.MULTILINE)
    if not makers or not parts:
        return None
    return f"implementer {makers[0]}, part {', '.join(dict.fromkeys(parts))}"


def _frequency(root: Path) -> dict[str, object] | None:
    """Governor and clocks of every policy of cpufreq; ``None`` where the kernel shows none."""
    folder = root / "sys/devices/system/cpu/cpufreq"
    policies = [folder / name for name in entries(folder) if name.startswith("policy")]
    if not policies:
        return None
    return {
        "governors": [text(policy / "scaling_governor") for policy in policies],
        "current_khz": [number(policy / "scaling_cur_freq") for policy in policies],
        "minimum_khz": [number(policy / "scaling_min_freq") for policy in policies],
        "maximum_khz": [number(policy / "scaling_max_freq") for policy in policies],
    }


def _memory(root: Path) -> dict[str, int | None]:
    """Total and available memory and swap in use."""
    fields = {
        name: int(value) * 1024
        for name, value in re.findall(r"^(\w+):\s+(\d+) kB$", text(root / "proc/meminfo") or "", re.MULTILINE)
    }
    total, free = fields.get("SwapTotal"), fields.get("SwapFree")
    return {
        "total": fields.get("MemTotal"),
        "available": fields.get("MemAvailable"),
        "swap_total": total,
        "swap_used": None if total is None or free is None else total - free,
    }


def _power(root: Path) -> dict[str, object]:
    """The sensor that ``energy`` would read, and its rails; where there is none, why."""
    found, why = sensor(root)
    return {"sensor": found.name if found else None, "rails": list(found.rails) if found else [], "why": why}


def _clock() -> dict[str, float | None]:
    """Seconds on the clock of the date, on the one that times are taken by, and on one that runs in sleep too."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return {
        "wall": time.time(),
        "monotonic": time.monotonic(),
        "boottime": None if boottime is None else time.clock_gettime(boottime),
    }


def _agent() -> str | None:
    """The checksum of the zip file that this program runs from; ``None`` where it runs from a folder."""
    path = Path(sys.argv[0])
    return hashlib.sha256(path.read_bytes()).hexdigest() if zipfile.is_zipfile(path) else None


def _load(root: Path) -> list[float] | None:
    """Load averages over 1, 5 and 15 minutes."""
    parts = (text(root / "proc/loadavg") or "").split()[:3]
    return [float(part) for part in parts] if len(parts) == 3 else None


def _versions() -> dict[str, str | None]:
    """The versions of what the agent may use; ``None`` for what is not installed."""
    return {name: _version(distributions) for name, distributions in _DISTRIBUTIONS.items()}


def _version(distributions: tuple[str, ...]) -> str | None:
    """The version of the first of some distributions that is installed."""
    for distribution in distributions:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
