"""Debian's programs for another architecture: fetched by this machine's apt, unpacked, not installed. Without root."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgecompress.errors import InputError, RuntimeFailedError
from edgecompress.progress import Progress

_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_FORMAT = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
_SECONDS = 900
_NEEDS = "needs apt-get and dpkg-deb, and Debian's archive among apt's sources"


def unpack(architecture: str, packages: Sequence[str], folder: Path, progress: Progress) -> list[str]:
    """Unpack ``packages`` and all that they depend on into ``folder``, which need not exist.

    Args:
        architecture: As Debian names it: ``arm64``.
        packages: Of the release of Debian that apt takes from here.
        folder: Gets ``usr``, ``lib`` and so on. apt's own files lie beside it until this is done.
        progress: Called with both steps.

    Returns:
        The packages' files by name, which say their versions: ``libc6_2.36-9_arm64.deb``.

    Raises:
        InputError: this system has no apt, or none of Debian's.
        RuntimeFailedError: apt cannot fetch them; the line is apt's own.
    """
    title = f"fetch Debian's {architecture} packages"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise InputError(f"to fetch programs for {architecture}, this {_NEEDS}")
    own = folder.with_name(f"{folder.name}.apt")
    try:
        options = _options(architecture, own)
        progress(title, 0, 2, "what there is")
        _run(["apt-get", *options, "update"])
        progress(title, 1, 2, ", ".join(packages))
        _run(["apt-get", *options, "--yes", "--download-only", "install", *packages])
        archives = sorted((own / "cache/archives").glob("*.deb"))
        progress(title, 2, 2, f"{len(archives)} packages")
        folder.mkdir(parents=True, exist_ok=True)
        for number, archive in enumerate(archives):
            progress("unpack them", number, len(archives), archive.name.split("_")[0])
            _run(["dpkg-deb", "--extract", str(archive), str(folder)])
        progress("unpack them", len(archives), len(archives))
        return [archive.name for archive in archives]
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _options(architecture: str, own: Path) -> list[str]:
    """Options that give apt a state of its own, empty, in ``own``, and Debian's main archive as its only source."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (own / name).mkdir(parents=True, exist_ok=True)
    (own / "state/status").touch()
    signed = f" signed-by={_KEYS}" if _KEYS.exists() else ""
    (own / "sources").write_text(f"deb [arch={architecture}{signed}] {_source()} main\n", encoding="utf-8")
    given = {
        "Dir::State": own / "state",
        "Dir::State::status": own / "state/status",
        "Dir::Cache": own / "cache",
        "Dir::Etc::sourcelist": own / "sources",
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        # As root, apt would fetch as a user of its own, who may not write here.
        "APT::Sandbox::User": "root",
    }
    return ["-qq", *(part for name, value in given.items() for part in ("-o", f"{name}={value}"))]


def _source() -> str:
    """The archive and the release that apt takes Debian's packages from here."""
    output = _run(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"])
    found = [line for line in output.splitlines() if line.endswith(" main") and re.search(r"\bdebian/? [a-z]+ ", line)]
    if not found:
        raise InputError(f"to fetch programs for another architecture, this {_NEEDS}")
    return found[0].removesuffix(" main")


def _run(command: list[str]) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeFailedError(f"{command[0]} did not finish within {_SECONDS} s: check the network") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
        raise RuntimeFailedError(f"{command[0]} failed: {lines[-1] if lines else 'no message'}")
    return done.stdout
