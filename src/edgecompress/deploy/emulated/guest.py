"""The guest: a Python for an emulated processor, with NumPy, psutil and the runtimes, made once and kept.

For x86-64 it is this very Python. For arm64 it is Debian's, with its own loader and C library, and wheels for it.
"""

import hashlib
import json
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import platformdirs

from edgecompress.deploy.emulated import debian
from edgecompress.deploy.wheels import Platform, fetch
from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.lock import held
from edgecompress.progress import Progress, silent

_DEBIAN = {"aarch64": "arm64"}
_LOADER = {"aarch64": "ld-linux-aarch64.so.1"}
_PACKAGES = ("python3", "libstdc++6")
_BASE = ("numpy", "psutil")
_RUNTIMES = ("onnxruntime", "ai-edge-litert")


@dataclass(frozen=True)
class Guest:
    """A Python, and how it is started."""

    loader: tuple[str, ...]  # with its options; empty: the system's own
    program: tuple[str, ...]  # with its options
    variables: tuple[tuple[str, str], ...]  # of its environment


def requirements() -> list[str]:
    """The requirements of a guest by default: the runtimes in the versions that are installed here."""
    found = []
    for name in _RUNTIMES:
        try:
            found.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(name)
    return [*_BASE, *found]


def make(machine: str, wanted: Sequence[str] = (), progress: Progress = silent) -> Guest:
    """The guest for a processor of the kind ``machine``, fetched where it is not here yet.

    Args:
        machine: As ``uname -m`` names it: ``aarch64`` or ``x86_64``.
        wanted: Requirements, as pip reads them. Empty: this Python's own packages, or those of ``requirements``.
        progress: Called with every step.

    Raises:
        InputError: there is none for this machine, or this system cannot fetch it.
        RuntimeFailedError: apt or pip cannot fetch it.
    """
    if machine == "x86_64":
        if platform.machine() != "x86_64":
            raise InputError("an x86 processor without AVX is emulated on x86-64 machines alone")
        # Not by way of site: of this Python's own packages all or none, or one could be taken for what is wanted.
        own = [each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")]
        path = str(_packages(wanted, _this(), progress)) if wanted else ":".join(own)
        return Guest((), (sys.executable, "-S"), (("PYTHONHOME", sys.base_prefix), ("PYTHONPATH", path)))
    if machine not in _DEBIAN:
        raise InputError(f"there is no guest for {machine}; choose from: {', '.join(['x86_64', *_DEBIAN])}")
    system, note = _system(machine, progress)
    packages = _packages(wanted or requirements(), _platform(machine, note), progress)
    libraries = ":".join(str(system / part) for part in note["libraries"])
    loader = (str(system / note["loader"]), "--library-path", libraries)
    variables = (("PYTHONHOME", str(system / "usr")), ("PYTHONPATH", str(packages)))
    return Guest(loader, (str(system / note["program"]),), variables)


def is_made(machine: str) -> bool:
    """Return whether the guest for a processor of that kind is here, with the runtimes that are installed here."""
    if machine == "x86_64":
        return platform.machine() == "x86_64"
    place = folder() / machine / "guest.json"
    if machine not in _DEBIAN or not place.exists():
        return False
    return _place(requirements(), _platform(machine, json.loads(place.read_bytes()))).exists()


def folder() -> Path:
    """The folder of the guests."""
    return platformdirs.user_cache_path("edgecompress") / "emulated"


def _platform(machine: str, note: Mapping[str, str]) -> Platform:
    return Platform(machine, note["python"], f"glibc {note['glibc']}")


def _this() -> Platform:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Platform("x86_64", python, " ".join(platform.libc_ver()))


def _system(machine: str, progress: Progress) -> tuple[Path, dict[str, str]]:
    """A folder with Python and its libraries, and what is in it."""
    place = folder() / machine
    with held(place.with_suffix(".lock"), lambda: progress(f"make a guest for {machine}", 0, 1, "another run does")):
        if not (place / "guest.json").exists():
            part = place.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            names = debian.unpack(_DEBIAN[machine], _PACKAGES, part, progress)
            (part / "guest.json").write_text(json.dumps(_describe(part, machine, names), indent=2), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            part.rename(place)
    note: dict[str, str] = json.loads((place / "guest.json").read_bytes())
    return place, note


def _describe(system: Path, machine: str, archives: Sequence[str]) -> dict[str, object]:
    """The places of the loader, the libraries and Python in an unpacked system, and their versions."""
    glibc = next((found[1] for name in archives if (found := re.match(r"libc6_(\d+\.\d+)", name))), None)
    programs = sorted(path.name for path in (system / "usr/bin").glob("python3.*") if path.name[8:].isdigit())
    loaders = [path for path in (system / "lib", system / "usr/lib") if (path / _LOADER[machine]).is_symlink()]
    if glibc is None or not programs or not loaders:
        raise RuntimeFailedError(f"Debian's packages for {machine} hold no Python, C library or loader where expected")
    libraries = [f"{part}/{machine}-linux-gnu" for part in ("lib", "usr/lib")]
    return {
        "python": programs[-1].removeprefix("python"),
        "glibc": glibc,
        "program": f"usr/bin/{programs[-1]}",
        # The link beside it is an absolute one, to a file of this machine's.
        "loader": str((loaders[0] / f"{machine}-linux-gnu" / _LOADER[machine]).relative_to(system)),
        "libraries": [part for part in libraries if (system / part).is_dir()],
        "packages": list(archives),
    }


def _place(wanted: Sequence[str], where: Platform) -> Path:
    """The folder of those packages."""
    key = json.dumps([sorted(wanted), where.machine, where.python, where.libc])
    return folder() / "packages" / hashlib.sha256(key.encode()).hexdigest()[:16]


def _packages(wanted: Sequence[str], where: Platform, progress: Progress) -> Path:
    """A folder with the unpacked wheels of ``wanted`` and of what they need."""
    place = _place(wanted, where)
    title = f"fetch wheels for {where.machine}"
    with held(place.with_suffix(".lock"), lambda: progress(title, 0, 1, "another run does")):
        if not place.exists():
            progress(title, 0, 1, ", ".join(wanted))
            found = fetch(wanted, where, platformdirs.user_cache_path("edgecompress") / "wheels")
            part = place.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            for wheel in found:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(part)
            part.rename(place)
            progress(title, 1, 1)
    return place
