"""qemu's user mode: its programs here, its counter of instructions, and the command that starts a guest under it."""

import hashlib
import os
import shlex
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import platformdirs

from edgecompress.deploy.emulated.guest import Guest
from edgecompress.deploy.emulated.processors import Processor
from edgecompress.errors import InputError, RuntimeFailedError

COUNTS = "counts"
"""The file in the work folder that has a line for each mark."""
_SOURCE = "counter.c"
CURE = "apt-get install qemu-user gcc libc6-dev"


def program(machine: str) -> str:
    """The emulator for programs of ``machine``: the one that takes plugins where there is one, else the static one.

    Raises:
        InputError: there is none; the line says how to install it.
    """
    for name in (f"qemu-{machine}", f"qemu-{machine}-static"):
        found = shutil.which(name)
        if found:
            return found
    raise InputError(f"no qemu-{machine} here to emulate a processor: apt-get install qemu-user (or qemu-user-static)")


def version(machine: str) -> str:
    """The first line of the emulator's version."""
    done = subprocess.run([program(machine), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


def cannot_count(machine: str) -> str | None:
    """The reason why instructions cannot be counted here, and how to mend it; ``None``: they can."""
    if shutil.which(f"qemu-{machine}") is None:
        return f"counting instructions needs a qemu that takes plugins, and the static one takes none: {CURE}"
    if shutil.which("cc") is None:
        return f"counting instructions needs a C compiler: {CURE}"
    return None


def counter(machine: str) -> Path:
    """The counter as a plugin, compiled once.

    Raises:
        InputError: as ``cannot_count`` says.
        RuntimeFailedError: the compiler failed.
    """
    why = cannot_count(machine)
    if why is not None:
        raise InputError(why)
    source = resources.files("edgecompress.deploy.emulated").joinpath(_SOURCE).read_bytes()
    folder = platformdirs.user_cache_path("edgecompress") / "emulated" / "counter"
    path = folder / f"{hashlib.sha256(source).hexdigest()[:16]}.so"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    command = ["cc", "-O2", "-shared", "-fPIC", "-x", "c", "-o", str(part), "-"]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise RuntimeFailedError(f"cc cannot compile the counter of instructions ({CURE}): {lines[0]}")
    part.replace(path)
    return path


def write_launcher(folder: Path, processor: Processor, guest: Guest, plugin: Path | None) -> Path:
    """Write a program into ``folder``, an absolute path, that is the guest's Python on that processor.

    Python has this as its ``sys.executable``: what it starts by that is emulated as well.

    ``plugin``: the counter, which writes to ``COUNTS``; ``None``: nothing is counted.
    """
    system = folder / "system"
    host = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    processor.write_system(system, os.cpu_count() or 1, host)
    variables = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TMPDIR": str(folder),
        # The same program each time: dictionaries of strings in one order, and one thread.
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        **dict(guest.variables),
    }
    command = ["env", "-i", *(f"{name}={value}" for name, value in variables.items())]
    command += [program(processor.machine), "-cpu", processor.model, "-L", str(system)]
    if plugin is not None:
        file, out = (str(each).replace(",", ",,") for each in (plugin, folder / COUNTS))  # as qemu reads a comma
        command += ["-plugin", f"file={file},out={out}"]
    path = folder / "python"
    # The loader takes the name where there is one, else the emulator.
    command += [*guest.loader, "--argv0", str(path)] if guest.loader else ["-0", str(path)]
    path.write_text(f'#!/bin/sh\nexec {shlex.join([*command, *guest.program])} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path
