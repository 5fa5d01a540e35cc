"""Wheels for another machine: fetched here, by this Python's pip, for a board's processor and Python."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecompress import temporary
from edgecompress.errors import MissingDependencyError, RuntimeFailedError
from edgecompress.workers import python

_NOTE = "wheels.json"
_OLDEST_GLIBC = 17
_IN_32_BITS = {"aarch64": "armv7l", "arm64": "armv7l", "armv8l": "armv7l", "x86_64": "i686", "armv6l": "armv6l"}
_UNREACHABLE = re.compile(r"NewConnectionError|name resolution|Network is unreachable|Timeout|Connection refused")


class NoWheelError(RuntimeFailedError):
    """An index has no wheel of ``package`` that fits, or the one that it has does not run."""

    def __init__(self, package: str, why: str = "") -> None:
        super().__init__(why or f"no wheel of {package} fits this board's Python and processor")
        self.package = package


@dataclass(frozen=True)
class Platform:
    """A board's Python, as wheels name it."""

    machine: str  # as uname -m names it: of the kernel
    python: str  # "3.11"
    libc: str  # "glibc 2.36"; anything else is taken for musl
    bits: int = 64  # of Python: a 32-bit system can run on a 64-bit kernel

    @property
    def processor(self) -> str:
        """The processor that Python there is compiled for."""
        return _IN_32_BITS.get(self.machine, self.machine) if self.bits == 32 else self.machine

    def why_not(self) -> str:
        """The obstacle where no runtime is made for such a system, and the way out; empty: none."""
        has_glibc = bool(re.match(r"glibc \d", self.libc))
        if self.processor == "armv7l" and has_glibc:
            return (
                "Python there is a 32-bit one (armv7l), for which few runtimes are made: install a 64-bit "
                "system, or for LiteRT a Python of 3.9 to 3.11, which tflite-runtime has wheels for"
            )
        if self.bits == 32 or self.processor in _IN_32_BITS.values():
            system = "a 64-bit system" if has_glibc else "a 64-bit system with glibc"
            return f"Python there is a 32-bit one ({self.processor}), for which no runtime is made: install {system}"
        if self.processor not in ("aarch64", "arm64", "x86_64"):
            return f"no runtime is made for its processor ({self.processor}): take a board of aarch64 or x86_64"
        if not has_glibc:
            # tools/arm64/portable makes runtimes for 64-bit Arm.
            portable = (
                "install a portable runtime with 'edgecompress devices setup NAME --portable FILE' "
                "('edgecompress docs android' says how)"
            )
            mend = "install a system with glibc" if self.processor == "x86_64" else portable
            return f"its C library is not glibc (musl?), for which no runtime is made: {mend}"
        return ""

    def tags(self) -> list[str]:
        """The platform tags whose wheels run there (PEP 600, PEP 656)."""
        glibc = re.fullmatch(r"glibc 2\.(\d+)(\..*)?", self.libc)
        if not glibc:
            return [f"musllinux_1_{minor}_{self.processor}" for minor in (2, 1)]
        newer = [f"manylinux_2_{minor}_{self.processor}" for minor in range(int(glibc[1]), _OLDEST_GLIBC - 1, -1)]
        return [*newer, f"manylinux2014_{self.processor}", f"linux_{self.processor}"]


def fetch(requirements: Sequence[str], platform: Platform, cache: Path) -> list[Path]:
    """The wheels of ``requirements`` and of what they need, kept in ``cache`` and checked by their sums at each use.

    Raises:
        NoWheelError: a package has none that fits.
        MissingDependencyError: this Python has no pip.
        RuntimeFailedError: pip does not reach its index, or failed.
    """
    wanted = {"requirements": sorted(requirements), "platform": platform.tags(), "python": platform.python}
    folder = cache / hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16]
    held = _held(folder)
    if held:
        return held
    if importlib.util.find_spec("pip") is None:
        raise MissingDependencyError(f"this needs pip to fetch wheels: {sys.executable} -m ensurepip")
    cache.mkdir(parents=True, exist_ok=True)
    with temporary.folder(beside=folder) as part:
        _download(requirements, platform, part)
        wheels = sorted(part.glob("*.whl"))
        note = {wheel.name: _sum(wheel) for wheel in wheels}
        (part / _NOTE).write_text(json.dumps({"wanted": wanted, "wheels": note}, indent=2), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return _held(folder)


def _download(requirements: Sequence[str], platform: Platform, folder: Path) -> None:
    command = python("pip", "download", "--quiet", "--disable-pip-version-check", "--no-input")
    command += ["--dest", str(folder), "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", platform.python]
    command += [part for tag in platform.tags() for part in ("--platform", tag)]
    done = subprocess.run(
        [*command, *requirements], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return
    output = done.stdout + done.stderr
    if _UNREACHABLE.search(output):
        raise RuntimeFailedError("pip does not reach its index from here: check the network, or PIP_INDEX_URL")
    missing = re.search(r"No matching distribution found for ([A-Za-z0-9_.-]+)", output)
    if missing:
        raise NoWheelError(missing[1])
    lines = (
        [line for line in output.splitlines() if line.startswith("ERROR")] or output.splitlines() or ["no reason given"]
    )
    raise RuntimeFailedError(f"pip cannot fetch the wheels: {lines[-1]}")


def _held(folder: Path) -> list[Path]:
    """The wheels of a folder if they are all there and whole, else none."""
    try:
        note: dict[str, str] = json.loads((folder / _NOTE).read_bytes())["wheels"]
        if all(_sum(folder / name) == digest for name, digest in note.items()):
            return [folder / name for name in note]
    except (OSError, ValueError, KeyError):
        pass
    return []


def _sum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
