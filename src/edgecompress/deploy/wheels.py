"""Wheels for another machine: fetched here, by this Python's pip, for a board's processor and Python."""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecompress.errors import MissingDependencyError, RuntimeFailedError

_NOTE = "wheels.json"
_OLDEST_GLIBC = 17
_UNREACHABLE = re.compile(r"NewConnectionError|name resolution|Network is unreachable|Timeout|Connection refused")


class NoWheelError(RuntimeFailedError):
    """An index has no wheel of ``package`` that fits."""

    def __init__(self, package: str) -> None:
        super().__init__(f"no wheel of {package} fits this board's Python and processor")
        self.package = package


@dataclass(frozen=True)
class Platform:
    """A board, as wheels name it."""

    machine: str  # as uname -m names it
    python: str  # "3.11"
    libc: str  # "glibc 2.36"; anything else is taken for musl

    def tags(self) -> list[str]:
        """The platform tags whose wheels run there (PEP 600, PEP 656)."""
        glibc = re.fullmatch(r"glibc 2\.(\d+)(\..*)?", self.libc)
        if not glibc:
            return [f"musllinux_1_{minor}_{self.machine}" for minor in (2, 1)]
        newer = [f"manylinux_2_{minor}_{self.machine}" for minor in range(int(glibc[1]), _OLDEST_GLIBC - 1, -1)]
        return [*newer, f"manylinux2014_{self.machine}", f"linux_{self.machine}"]


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
    with tempfile.TemporaryDirectory(dir=cache) as part:
        _download(requirements, platform, Path(part))
        wheels = sorted(Path(part).glob("*.whl"))
        note = {wheel.name: _sum(wheel) for wheel in wheels}
        (Path(part) / _NOTE).write_text(json.dumps({"wanted": wanted, "wheels": note}, indent=2), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        Path(part).rename(folder)
        Path(part).mkdir()  # for the context manager to remove
    return _held(folder)


def _download(requirements: Sequence[str], platform: Platform, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--dest", str(folder), "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", platform.python]
    command += [part for tag in platform.tags() for part in ("--platform", tag)]
    done = subprocess.run(
        [*command, *requirements], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return
    said = done.stdout + done.stderr
    if _UNREACHABLE.search(said):
        raise RuntimeFailedError("pip does not reach its index from here: check the network, or PIP_INDEX_URL")
    missing = re.search(r"No matching distribution found for ([A-Za-z0-9_.-]+)", said)
    if missing:
        raise NoWheelError(missing[1])
    lines = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines() or ["no reason given"]
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
