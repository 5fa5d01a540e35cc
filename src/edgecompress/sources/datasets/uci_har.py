"""UCI-HAR: what 30 people did, from a phone at the waist; 9 channels x 128 samples at 50 Hz, six classes.

Anguita, Ghio, Oneto, Parra, Reyes-Ortiz, "A Public Domain Dataset for Human Activity Recognition Using Smartphones",
ESANN 2013; version 1, the raw windows ("Inertial Signals"), not the 561 features.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecompress.progress import Progress
from edgecompress.sources.datasets._assemble import Raw, assemble
from edgecompress.sources.datasets._download import Remote, obtain
from edgecompress.sources.datasets._files import damaged, first_existing, read
from edgecompress.sources.datasets._split import by_group
from edgecompress.sources.datasets.contract import Dataset, DataSource

# No checksum of the archive or of the files in it is published.
REMOTE = Remote(
    "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip", md5=None
)
# Over labels and subjects, a byte each: y_train, subject_train, y_test, subject_test of version 1.
LABELS_SHA256 = "e29d057087a0c83f77b4a81cdd4f8710da7d8f5abf8f7b8d6e2ec3db792d694a"
CHANNELS = tuple(f"{signal}_{axis}" for signal in ("body_acc", "body_gyro", "total_acc") for axis in "xyz")
_CLASSES = ("walking", "walking upstairs", "walking downstairs", "sitting", "standing", "laying")
_ROOT = "UCI HAR Dataset"
_LENGTH = 128
_MOST_BYTES = 256 << 20  # of one file in an archive, four times the largest there is
# RuntimeError is what zipfile says of an encrypted member, and of a compression it does not know.
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)

_Reader = Callable[[str], bytes]  # from a path below "UCI HAR Dataset" to what the file holds


def uci_har(folder: Path, *, download: bool, progress: Progress) -> Dataset:
    """Read UCI-HAR from ``UCI HAR Dataset/``, ``UCI HAR Dataset.zip`` or UCI's own archive. See ``contract.Loader``.

    Channels: body acceleration x, y, z (g), angular velocity x, y, z (rad/s), total acceleration x, y, z (g). Two of
    the 21 training persons validate; none is in two parts. Archives are read in place, nothing is unpacked to disk.

    Raises:
        InputError: a file is absent and cannot be had, damaged, or holds a value that is not a finite number.
    """
    place = first_existing([folder / _ROOT, folder / f"{_ROOT}.zip", folder / REMOTE.file_name])
    if place is None:
        obtain("UCI-HAR", [REMOTE], folder, download=download, progress=progress)
        place = folder / REMOTE.file_name
    reader = _folder_reader(place) if place.is_dir() else _zip_reader(place)
    digest = hashlib.sha256()

    def file(name: str) -> tuple[str, bytes]:
        content = reader(name)
        digest.update(content)
        return f"{place}: {name}", content

    raw, subjects = {}, {}
    for number, part in enumerate(("train", "test")):
        y = _integers(*file(f"{part}/y_{part}.txt"))
        subjects[part] = _integers(*file(f"{part}/subject_{part}.txt"))
        if len(subjects[part]) != len(y) or y.min() < 1 or y.max() > len(_CLASSES):
            raise damaged(f"{place}: {part}/y_{part}.txt", "a class of 1 to 6 and a subject for each window is needed")
        x = np.empty((len(y), len(CHANNELS), _LENGTH), dtype=np.float32)
        for index, channel in enumerate(CHANNELS):
            progress("read UCI-HAR", number * len(CHANNELS) + index, 2 * len(CHANNELS))
            x[:, index] = _signal(*file(f"{part}/Inertial Signals/{channel}_{part}.txt"), len(y))
        raw[part] = Raw(x, y - 1)
    progress("read UCI-HAR", 2 * len(CHANNELS), 2 * len(CHANNELS))
    return assemble(
        "UCI-HAR",
        raw["train"],
        by_group(subjects["train"], 0.1),
        raw["test"],
        classes=_CLASSES,
        source=_source(digest.hexdigest(), raw, subjects),
        shift=8,
        mirror=False,
    )


def _source(digest: str, raw: dict[str, Raw], subjects: dict[str, NDArray[np.int64]]) -> DataSource:
    """Judge by what is known of version 1: its labels and subjects, in order, and so its number of windows."""
    parts = (each for part in ("train", "test") for each in (raw[part].y + 1, subjects[part]))
    official = hashlib.sha256(b"".join(each.astype(np.uint8).tobytes() for each in parts)).hexdigest() == LABELS_SHA256
    counts = f"{len(raw['train'].y)} training and {len(raw['test'].y)} test windows"
    return DataSource(
        official=official,
        sha256=digest,
        note=f"checked: {counts} with the labels and subjects of version 1; no checksum of the signals is published"
        if official
        else f"not the official files: {counts} whose labels and subjects are not those of version 1 (7352 and 2947)",
    )


def _folder_reader(place: Path) -> _Reader:
    return lambda name: read(place / name)


def _zip_reader(place: Path) -> _Reader:
    """The reader of an archive that holds the folder, or, like UCI's, an archive that holds it.

    Raises:
        InputError: it is not such an archive.
    """

    def content(archive: zipfile.ZipFile, name: str) -> bytes:
        try:
            member = archive.getinfo(name)
            if member.file_size > _MOST_BYTES:
                raise damaged(place, f"{name} claims to be of {member.file_size} bytes")
            return archive.read(member)  # compares the file's CRC-32
        except KeyError as error:
            raise damaged(place, f"it does not hold {name}") from error
        except _BROKEN_ZIP as error:
            raise damaged(place, f"{name}: {error}") from error

    try:
        archive = zipfile.ZipFile(place)
        inner = f"{_ROOT}.zip"
        if inner in archive.namelist():
            archive = zipfile.ZipFile(io.BytesIO(content(archive, inner)))
    except _BROKEN_ZIP as error:
        raise damaged(place, str(error)) from error
    return lambda name: content(archive, f"{_ROOT}/{name}")


def _signal(name: str, content: bytes, windows: int) -> NDArray[np.float32]:
    """One channel: (windows, 128).

    Raises:
        InputError: it has another shape, or holds a value that is not a finite number.
    """
    values = _table(name, content, np.float32)
    if values.shape != (windows, _LENGTH):
        raise damaged(name, f"{windows} lines of {_LENGTH} numbers are needed, it has {len(values)} lines")
    if not np.isfinite(values).all():
        line = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0]) + 1
        raise damaged(name, f"line {line} has a value that is not a finite number")
    return values


def _integers(name: str, content: bytes) -> NDArray[np.int64]:
    """A file of one small whole number a line: (N,).

    Raises:
        InputError: it is not such a file.
    """
    values = _table(name, content, np.int64)
    if values.shape[1] != 1 or values.min() < 0 or values.max() > 255:
        raise damaged(name, "one whole number from 0 to 255 a line is needed")
    return values[:, 0]


def _table(name: str, content: bytes, dtype: type[np.generic]) -> NDArray[Any]:
    """The numbers of a text file: (lines, numbers a line).

    Raises:
        InputError: it is empty, or not numbers in lines of equal length.
    """
    if not content.strip():
        raise damaged(name, "it is empty")
    try:
        # Since NumPy 1.23 as fast as np.fromstring (0.17 s a million numbers), and it sees short lines.
        return np.loadtxt(io.BytesIO(content), dtype=dtype, comments=None, ndmin=2)
    except ValueError as error:
        raise damaged(name, str(error).split(";")[0]) from error
