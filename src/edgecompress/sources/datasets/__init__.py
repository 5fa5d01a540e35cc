"""The built-in data sets. Each file holds one function of its name; ``load`` finds it."""

from pathlib import Path

import platformdirs

from edgecompress import methods
from edgecompress.errors import InputError
from edgecompress.progress import Progress, silent
from edgecompress.sources.datasets._resize import resized
from edgecompress.sources.datasets.contract import Dataset, Loader

__all__ = ["load", "names", "resized"]


def names() -> list[str]:
    """The names of the built-in data sets, sorted."""
    return methods.choices(__name__)


def load(
    name: str,
    data_dir: Path | None = None,
    *,
    download: bool = True,
    resolution: int | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Read the data set ``name``, downloading it first where it is absent and ``download`` is true.

    Args:
        name: one of ``names()``.
        data_dir: the folder of all data sets; ``None`` is ``data`` in the user's cache folder.
        download: whether absent files may be fetched from their official addresses.
        resolution: height and width that images are brought to; ``None``: those that the data set has.
        progress: called with what is downloaded and read.

    Raises:
        InputError: there is no such data set, its files are absent or damaged, or ``resolution`` is given for signals.
    """
    if name not in names():
        raise InputError(methods.unknown("data set", name, names()))
    loader: Loader = methods.find(__name__, name)
    folder = data_dir or platformdirs.user_cache_path("edgecompress") / "data"
    data = loader(folder, download=download, progress=progress)
    return data if resolution is None else resized(data, resolution)
