"""The built-in data sets. Each file holds one function of its name; ``load`` finds it."""

from pathlib import Path

import platformdirs

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.model.datasets.contract import Dataset, Loader
from edgecompress.progress import Progress, silent


def names() -> list[str]:
    """The names of the built-in data sets, sorted."""
    return methods.choices(__name__)


def load(name: str, data_dir: Path | None = None, *, download: bool = True, progress: Progress = silent) -> Dataset:
    """Read the data set ``name``, downloading it first where it is absent and ``download`` is true.

    Args:
        name: one of ``names()``.
        data_dir: the folder of all data sets; ``None`` is ``data`` in the user's cache folder.
        download: whether absent files may be fetched from their official addresses.
        progress: told what is downloaded and read.

    Raises:
        InputError: there is no such data set, or its files are absent or damaged.
    """
    if name not in names():
        raise InputError(methods.unknown("data set", name, names()))
    loader: Loader = methods.find(__name__, name)
    folder = data_dir or platformdirs.user_cache_path("edgecompress") / "data"
    return loader(folder, download=download, progress=progress)
