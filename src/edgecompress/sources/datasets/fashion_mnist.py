"""Fashion-MNIST: 70,000 grey images of clothes, 28x28 pixels, ten classes.

Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
arXiv:1708.07747, 2017. Four files in the IDX format of MNIST.
"""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecompress.progress import Progress
from edgecompress.sources.datasets._assemble import Raw, assemble
from edgecompress.sources.datasets._download import Remote, obtain
from edgecompress.sources.datasets._files import damaged, first_existing, unreadable
from edgecompress.sources.datasets._split import stratified
from edgecompress.sources.datasets.contract import Dataset, DataSource

_ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
# The MD5s that the authors publish, of the .gz files.
REMOTES = [
    Remote(_ADDRESS + "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    Remote(_ADDRESS + "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
    Remote(_ADDRESS + "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
    Remote(_ADDRESS + "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
]
# Over the four files in that order, unpacked; taken from files that have those MD5s.
SHA256 = "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214"
_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_SIZE = 28
_MOST_SAMPLES = 1_000_000
_IMAGES, _LABELS = 2051, 2049


def fashion_mnist(folder: Path, *, download: bool, progress: Progress) -> Dataset:
    """Read Fashion-MNIST from ``fashion-mnist/`` or ``FashionMNIST/raw/``, packed or not. See ``contract.Loader``.

    The images get two zero pixels on each side, 32x32 in all, as the networks' five pools need.

    Raises:
        InputError: a file is absent and cannot be had, or damaged.
    """
    places = [folder / "fashion-mnist", folder / "FashionMNIST" / "raw"]
    names = [remote.file_name for remote in REMOTES]
    place = first_existing(p for p in places if any(_of(p, name) for name in names)) or places[0]
    obtain(
        "Fashion-MNIST",
        [r for r in REMOTES if not _of(place, r.file_name)],
        place,
        download=download,
        progress=progress,
    )
    digest = hashlib.sha256()
    arrays = []
    for number, name in enumerate(names):
        progress("read Fashion-MNIST", number, len(names))
        path = _of(place, name)
        assert path is not None, "obtain brought it"
        arrays.append(_read_idx(path, digest))
    progress("read Fashion-MNIST", len(names), len(names))
    training, test = (_raw(place, names[i], *arrays[i : i + 2]) for i in (0, 2))
    official = digest.hexdigest() == SHA256
    return assemble(
        "Fashion-MNIST",
        training,
        stratified(training.y, 0.1),
        test,
        classes=_CLASSES,
        source=DataSource(
            official=official,
            sha256=digest.hexdigest(),
            note="" if official else f"not the official files: {place} does not have the published checksums",
        ),
        shift=2,
        mirror=True,
        pad=2,
    )


def _of(place: Path, name: str) -> Path | None:
    """The file ``name`` (ending in .gz) in ``place``, packed or unpacked."""
    return first_existing([place / name, place / name.removesuffix(".gz")])


def _read_idx(path: Path, digest: "hashlib._Hash") -> NDArray[np.uint8]:
    """The array of an IDX file of bytes: images (N, 28, 28) or labels (N,). ``digest`` takes in what it holds.

    Raises:
        InputError: the file cannot be read, or is not such a file from its first byte to its last.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            head = stream.read(8)
            magic, count = np.frombuffer(head.ljust(8, b"\0"), dtype=">u4").tolist()
            if magic not in (_IMAGES, _LABELS) or count > _MOST_SAMPLES:
                raise damaged(path, "it does not begin like an IDX file of bytes")
            shape = (_SIZE, _SIZE) if magic == _IMAGES else ()
            sizes = stream.read(4 * len(shape))
            if np.frombuffer(sizes, dtype=">u4").tolist() != list(shape):
                raise damaged(path, "its images are not 28x28 pixels")
            # One byte more than there may be: what an archive claims to hold is never unpacked beyond it.
            body = stream.read(count * int(np.prod(shape, dtype=int)) + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if len(body) != count * int(np.prod(shape, dtype=int)):
        raise damaged(path, f"it holds more or less than the {count} samples it announces")
    for part in (head, sizes, body):
        digest.update(part)
    return np.frombuffer(body, dtype=np.uint8).reshape(count, *shape)


def _raw(place: Path, name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Raw:
    """Images as (N, 1, 28, 28), and their labels.

    Raises:
        InputError: one of the two files is not what its name says.
    """
    path = _of(place, name)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not len(labels):
        raise damaged(f"{path} or its labels", "they are not one image and one label for each sample")
    if labels.max() >= len(_CLASSES):
        raise damaged(f"the labels of {path}", f"a label is {labels.max()}, not 0 to 9")
    return Raw(images[:, None], labels.astype(np.int64))
