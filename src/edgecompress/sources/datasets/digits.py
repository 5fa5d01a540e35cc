"""Digits: 1,797 handwritten digits of 8x8 pixels, which scikit-learn ships. It needs no download.

The test part of "Optical Recognition of Handwritten Digits" (Alpaydin, Kaynak, UCI Machine Learning Repository, 1998).
Small enough to train on in a minute, and too easy to compare methods with.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgecompress.progress import Progress
from edgecompress.sources.datasets._assemble import Raw, assemble
from edgecompress.sources.datasets._split import stratified
from edgecompress.sources.datasets.contract import Dataset, DataSource

# Over the 1797 x 64 pixels, 0 to 16, then the 1797 labels, a byte each.
SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
_SCALE = 4
_FILE = "datasets/data/digits.csv.gz"  # in scikit-learn: 64 pixels and the label a line


def digits(folder: Path, *, download: bool, progress: Progress) -> Dataset:  # noqa: ARG001 - the contract's parameters
    """Read the digits that scikit-learn ships. See ``contract.Loader``; the folder is not looked at.

    Each pixel becomes 4x4 pixels, so that networks for 32x32 images fit. There is no official split: a fifth of each
    class is the test set, and a quarter of the rest validates.
    """
    progress("read Digits", 0, 1)
    rows = _shipped()
    pixels, y = rows[:, :-1].astype(np.uint8), rows[:, -1].astype(np.int64)
    digest = hashlib.sha256(pixels.tobytes() + y.astype(np.uint8).tobytes()).hexdigest()
    official = digest == SHA256
    source = DataSource(
        official=official,
        sha256=digest,
        note="scikit-learn's copy; split by edgecompress" if official else "not the digits scikit-learn 1.9 ships",
    )
    x = pixels.reshape(-1, 1, 8, 8).repeat(_SCALE, axis=2).repeat(_SCALE, axis=3)
    rest, test = stratified(y, 0.2)
    training = Raw(x[rest], y[rest])
    progress("read Digits", 1, 1)
    return assemble(
        "Digits",
        training,
        stratified(training.y, 0.25),
        Raw(x[test], y[test]),
        classes=tuple("0123456789"),
        source=source,
        shift=3,
        mirror=False,
    )


def _shipped() -> npt.NDArray[np.float64]:
    """The 64 pixels and the label of each digit. Importing scikit-learn takes two seconds, reading its file none.

    A release that keeps the file elsewhere is imported.
    """
    package = find_spec("sklearn")
    file = Path(package.origin).parent / _FILE if package and package.origin else None
    if file and file.is_file():
        return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    return np.column_stack(load_digits(return_X_y=True))
