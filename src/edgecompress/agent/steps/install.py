"""Install: an environment of its own on the board, from wheels that were pushed or by the board's own pip."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from ..errors import JobError, first_line
from ..events import Events
from ..job import Job
from ..python import python

NOTE = "installed.json"
_IMPORT_SECONDS = 300
# RuntimeError is what zipfile says of an encrypted member, and of a compression it does not know; ValueError, that the
# list is not the one that a wheel has.
_BROKEN_WHEEL = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)
_OFFLINE = ("NewConnectionError", "name resolution", "Network is unreachable", "Connection refused", "timed out")
# Started by its absolute path, it finds the interpreter beside it wherever the folder lies.
_OF_VENV = '#!/bin/sh\nexec "${0%/*}/venv/bin/python" "$@"\n'
_OF_FOLDER = (
    '#!/bin/sh\nPYTHONNOUSERSITE=1 PYTHONPATH=${0%/*}/site; export PYTHONNOUSERSITE PYTHONPATH\nexec QUOTED "$@"\n'
)


def install(job: Job, events: Events) -> None:
    """Make the environment in ``folder`` anew, whole or not at all: packages, and a program ``python`` that has them.

    It is a virtual environment, or where Python has no module venv a folder that ``python`` puts on its path.

    Job: ``folder``; ``key``, which names what it holds; ``wheels``, each ``{"file"}``, to unpack, or ``requirements``,
    each ``{"text"}``, for the board's own pip; neither: only look; ``imports``, each ``{"package", "module"}``, which
    must be imported there, each in a process of its own. Event: ``installed`` with ``fresh`` (false: it was
    there under this key) and ``packages`` (names and versions; none: there is no such environment).
    """
    folder, key = job.path("folder"), job.text("key")
    wheels = [_file(each) for each in job.jobs("wheels")] if job.has("wheels") else []
    requirements = [_text(each) for each in job.jobs("requirements")] if job.has("requirements") else []
    imports = [_import(each) for each in job.jobs("imports")] if job.has("imports") else []
    job.finish()
    held = _held(folder, key, imports)
    if held is not None or not (wheels or requirements):
        events.emit("installed", fresh=False, packages=held or {})
        return
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        site = _empty(new)
        for done, wheel in enumerate(wheels):
            events.emit("progress", done=done, total=len(wheels), name=wheel.name)
            _unpack(wheel, site)
        if requirements:
            _pip(requirements, site)
        packages = _packages(site)
        for package, module in imports:
            why = _broken(new, module)
            if why:
                raise JobError(f"{package} does not run here: {why}")
        (new / NOTE).write_text(json.dumps({"key": key, "packages": packages}), encoding="utf-8")
        # A file system may write names before contents: a board that loses its power would keep empty files.
        os.sync()
        if folder.exists():
            folder.replace(old)
        new.replace(folder)
        os.sync()  # and the name, before anybody learns that it is there
    except OSError as error:
        raise JobError(f"cannot install in {folder}: {error.strerror or error}") from error
    finally:
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)
    events.emit("installed", fresh=True, packages=packages)


def _file(job: Job) -> Path:
    path = job.file("file")
    job.finish()
    return path


def _text(job: Job) -> str:
    text = job.text("text")
    job.finish()
    return text


def _import(job: Job) -> tuple[str, str]:
    found = job.text("package"), job.text("module")
    job.finish()
    return found


def _broken(folder: Path, module: str) -> str:
    """The reason why a module cannot be imported in an environment; empty: it can.

    A wheel for another processor or another C library has files all the same, and a runtime may kill its process.
    """
    code = f"import sys; sys.path[:] = [part for part in sys.path if part]; import {module}"
    try:
        done = subprocess.run(
            [str(folder / "python"), "-c", code],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_IMPORT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return first_line(error)
    if not done.returncode:
        return ""
    return _last(done.stderr) if done.returncode > 0 else f"its import dies of signal {-done.returncode}"


def _held(folder: Path, key: str, imports: list[tuple[str, str]]) -> dict[str, str] | None:
    """The packages of the environment that is there, if it is of this key and all of it still runs."""
    try:
        note = json.loads((folder / NOTE).read_bytes())
        if note["key"] != key:
            return None
        packages: dict[str, str] = note["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if any(_broken(folder, module) for module in [module for _, module in imports] or ["numpy"]):
        return None
    return packages


def _empty(folder: Path) -> Path:
    """An environment without packages. Returns the folder that they go into."""
    program = folder / "python"
    if importlib.util.find_spec("venv") is not None:
        command = python("venv", "--without-pip", "--symlinks", str(folder / "venv"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise JobError(f"cannot make a virtual environment: {_last(done.stdout + done.stderr)}")
        program.write_text(_OF_VENV, encoding="utf-8")
        (site,) = (folder / "venv" / "lib").glob("python3*/site-packages")
    else:
        site = folder / "site"
        site.mkdir()
        quoted = "'" + sys.executable.replace("'", "'\\''") + "'"
        program.write_text(_OF_FOLDER.replace("QUOTED", quoted), encoding="utf-8")
    program.chmod(0o755)
    return site


def _unpack(wheel: Path, site: Path) -> None:
    """Put a wheel's files into ``site``, each compared with the checksum that the wheel has of it (PEP 376, PEP 427).

    What a wheel holds for other places (scripts, headers) is left out.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            (record,) = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
            sums = {row[0]: row[1] for row in csv.reader(archive.read(record).decode().splitlines()) if row}
            for name in archive.namelist():
                if name.endswith("/") or re.match(r"[^/]+\.data/(?!purelib|platlib)", name):
                    continue
                target = site / re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", name)
                if ".." in Path(name).parts or not target.is_relative_to(site):
                    raise JobError(f"{wheel.name} has a file outside of its folder: {name}")
                content = archive.read(name)
                if name != record and not name.startswith(record.rsplit("/", 1)[0] + "/RECORD."):
                    _check(content, sums.get(name, ""), f"{wheel.name}: {name}")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    except _BROKEN_WHEEL as error:
        raise JobError(f"{wheel.name} is not a wheel: {first_line(error)}") from error


def _check(content: bytes, given: str, what: str) -> None:
    name, _, expected = given.partition("=")
    if name not in ("sha256", "sha384", "sha512"):
        raise JobError(f"{what} has no checksum in the wheel's list")
    found = base64.urlsafe_b64encode(hashlib.new(name, content).digest()).rstrip(b"=").decode()
    if found != expected.rstrip("="):
        raise JobError(f"{what} is not what the wheel's list says: its checksum is another")


def _pip(requirements: list[str], site: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise JobError(f"{sys.executable} has no pip: install it (python3-pip), or set up with --offline")
    command = python("pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile")
    command += ["--only-binary=:all:", "--target", str(site), *requirements]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if not done.returncode:
        return
    printed = done.stdout + done.stderr
    if any(sign in printed for sign in _OFFLINE):
        raise JobError("the board's pip does not reach its index: set up with --offline")
    missing = re.search(r"No matching distribution found for ([A-Za-z0-9_.-]+)", printed)
    if missing:
        raise JobError(f"no wheel of {missing.group(1)} fits here")
    raise JobError(f"the board's pip failed: {_last(printed)}")


def _last(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it gave no reason"])[-1]


def _packages(site: Path) -> dict[str, str]:
    """Names and versions of what is there."""
    found = {}
    for folder in sorted(site.glob("*.dist-info")):
        name, _, version = folder.name[: -len(".dist-info")].partition("-")
        found[name.replace("_", "-").lower()] = version
    return found
