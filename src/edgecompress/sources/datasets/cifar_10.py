"""CIFAR-10: 60,000 colour photographs, 32x32 pixels, ten classes.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", technical report, University of Toronto, 2009.
"""

import hashlib
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecompress.progress import Progress
from edgecompress.sources.datasets._assemble import Raw, assemble
from edgecompress.sources.datasets._cifar_batch import binary, pickled
from edgecompress.sources.datasets._download import Remote, obtain
from edgecompress.sources.datasets._files import damaged, first_existing, read, unreadable
from edgecompress.sources.datasets._split import stratified
from edgecompress.sources.datasets.contract import Dataset, DataSource

_ADDRESS = "https://www.cs.toronto.edu/~kriz/"
# The MD5s that the author publishes.
BINARY = Remote(_ADDRESS + "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
PYTHON = Remote(_ADDRESS + "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a")
# Of the unpacked files of the Python version, as PyTorch's data sets check them. For the binary ones none is known.
BATCH_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_BINARY_FOLDER, _PYTHON_FOLDER = "cifar-10-batches-bin", "cifar-10-batches-py"
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_MOST_BYTES = 64 << 20  # of one batch, twice the size it has

_Decoder = Callable[[str, bytes], NDArray[np.uint8]]


def cifar_10(folder: Path, *, download: bool, progress: Progress) -> Dataset:
    """Read CIFAR-10. See ``contract.Loader``.

    Of what ``folder`` holds, the first of these is read: ``cifar-10-binary.tar.gz``, ``cifar-10-python.tar.gz``,
    ``cifar-10-batches-py/``, ``cifar-10-batches-bin/``. The archives come first because their checksums are published;
    they are read in place, nothing is unpacked to disk. Every layout gives the same arrays and the same identity.

    Raises:
        InputError: files are absent and cannot be had, or one is damaged.
    """
    names = (BINARY.file_name, PYTHON.file_name, _PYTHON_FOLDER, _BINARY_FOLDER)
    place = first_existing(folder / name for name in names)
    if place is None:
        obtain("CIFAR-10", [BINARY], folder, download=download, progress=progress)
        place = folder / BINARY.file_name
    suffix, decode = ("", pickled) if place.name in (PYTHON.file_name, _PYTHON_FOLDER) else (".bin", binary)
    files = [f"{name}{suffix}" for name in BATCH_MD5]
    progress("read CIFAR-10", 0, len(files) + 1)
    contents, official = _from_folder(place, files) if place.is_dir() else _from_archive(place, files)
    batches = []
    for number, name in enumerate(files, start=1):
        batches.append(decode(f"{place}: {name}", contents.pop(name)))
        progress("read CIFAR-10", number, len(files) + 1)
    digest = hashlib.sha256()
    for batch in batches:
        digest.update(batch.data)
    training, test = _raw(np.concatenate(batches[:-1])), _raw(batches[-1])
    progress("read CIFAR-10", len(files) + 1, len(files) + 1)
    return assemble(
        "CIFAR-10",
        training,
        stratified(training.y, 0.1),
        test,
        classes=_CLASSES,
        source=DataSource(official=official, sha256=digest.hexdigest(), note="" if official else _doubt(place)),
        shift=4,
        mirror=True,
    )


def _raw(rows: NDArray[np.uint8]) -> Raw:
    return Raw(rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64))


def _doubt(place: Path) -> str:
    if place.name == _BINARY_FOLDER:
        return (
            f"not the official files, as far as can be told: no checksum of {place.name}'s files is published; "
            f"put {BINARY.file_name} beside it to have them checked"
        )
    return f"not the official files: {place} does not have the published checksums"


def _from_folder(place: Path, files: list[str]) -> tuple[dict[str, bytes], bool]:
    """The content of the batches in a folder, and whether they are known to be the official ones.

    Raises:
        InputError: one cannot be read.
    """
    contents = {name: read(place / name) for name in files}
    known = [hashlib.md5(contents[name], usedforsecurity=False).hexdigest() == BATCH_MD5.get(name) for name in files]
    return contents, all(known)


def _from_archive(place: Path, files: list[str]) -> tuple[dict[str, bytes], bool]:
    """The content of the batches in a .tar.gz, and whether the archive is the official one.

    Raises:
        InputError: it cannot be read, is damaged, or lacks a batch.
    """
    remote, inside = (PYTHON, _PYTHON_FOLDER) if place.name == PYTHON.file_name else (BINARY, _BINARY_FOLDER)
    wanted = {f"{inside}/{name}": name for name in files}
    contents = {}
    try:
        with place.open("rb") as stream:
            md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            stream.seek(0)
            with tarfile.open(fileobj=stream, mode="r|gz") as archive:
                for member in archive:
                    if member.name in wanted and member.isfile():
                        if member.size > _MOST_BYTES:
                            raise damaged(place, f"{member.name} has {member.size} bytes")
                        extracted = archive.extractfile(member)
                        assert extracted is not None, "it is a regular file"
                        contents[wanted[member.name]] = extracted.read()
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise damaged(place, str(error)) from error
    except OSError as error:
        raise unreadable(place, error) from error
    for name in files:
        if name not in contents:
            raise damaged(place, f"it does not hold {inside}/{name}")
    return contents, md5 == remote.md5
