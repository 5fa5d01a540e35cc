"""The bundle: the folder that build writes and bench reads. Files, a manifest, checksums."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgecompress import temporary
from edgecompress.errors import InputError
from edgecompress.manifest import Manifest
from edgecompress.record import check_writable, write_atomically

MANIFEST = "manifest.json"
RECORDS = "bench"
EVAL = "eval.npz"
METRIC = "metric.py"


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_replaceable(folder: Path) -> None:
    """Make sure that a bundle may be written to ``folder``: it is not there, is empty, or is a bundle already.

    Raises:
        InputError: it holds something else, which a build must not destroy, or cannot be made where it should be.
    """
    check_writable(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another folder with --output")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is not empty and not a bundle; choose another folder with --output")


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` that takes its place when the block ends well, and vanishes when it does not.

    What benchmarks wrote into an older bundle at that place (``bench/``) is carried over: records are never lost.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(beside=folder) as staging:
        staging.chmod(0o755)
        yield staging
        if (folder / RECORDS).is_dir():
            shutil.copytree(folder / RECORDS, staging / RECORDS)
        # Until the new one is in its place, the old one is nothing to be swept.
        old = staging.with_name(f"{staging.name}.old")
        if folder.exists():
            folder.rename(old)
        staging.rename(folder)
        temporary.remove(old)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest last: a folder without one is not a bundle."""
    write_atomically(folder / MANIFEST, manifest.to_json())


def newest(folder: Path) -> tuple[Path, str] | None:
    """The bundle that was made last, of those at any depth in ``folder``, and when; ``None``: there is none.

    By what its manifest says and not by the file's date, which a copy changes. What cannot be read is passed over.
    """
    found = []
    for path in folder.rglob(MANIFEST):
        with suppress(OSError, ValueError, RecursionError):
            document = json.loads(path.read_bytes())
            if isinstance(document, dict) and document.keys() >= Manifest.marks and "created" in document:
                found.append((str(document["created"]), path.parent))
    if not found:
        return None
    created, last = max(found)
    return last, created


def manifest_of(folder: Path) -> Manifest:
    """The manifest of the bundle in ``folder``, whose files are not looked at.

    Raises:
        InputError: the folder is not a bundle.
    """
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is not a bundle: it has no {MANIFEST}; make one with 'edgecompress build'")
    return Manifest.from_file(folder / MANIFEST)


def load(folder: Path) -> Manifest:
    """The manifest of the bundle in ``folder``, after every file in it was checked against its checksum.

    Raises:
        InputError: the folder is not a bundle, or a file is missing or is not the one that build wrote.
    """
    manifest = manifest_of(folder)
    digests = {name: file.sha256 for name, file in manifest.models.items()}
    digests |= {name: file.sha256 for name, file in manifest.files.items()}
    for name, expected in digests.items():
        path = folder / name
        # A manifest comes from outside: a name in it must not reach beyond the folder.
        if Path(name).name != name:
            raise InputError(f"{folder / MANIFEST}: file name '{name}' is not a plain name; build the bundle again")
        if not path.is_file():
            raise InputError(f"{folder}: {name} is missing; build the bundle again")
        if digest(path) != expected:
            raise InputError(
                f"{folder}: {name} is not the file that build wrote (checksum differs); build the bundle again"
            )
    return manifest
