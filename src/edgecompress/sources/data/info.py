"""The entry of a data set in records."""

from edgecompress.manifest import DataInfo
from edgecompress.sources.datasets.contract import Dataset


def info(data: Dataset) -> DataInfo:
    """The source and size of ``data``, as a manifest and a study's cell have them."""
    return DataInfo(
        name=data.name,
        official=data.source.official,
        sha256=data.source.sha256,
        note=data.source.note,
        train=len(data.train_x),
        validation=len(data.validation_x),
        test=len(data.test_x) if data.source.sha256 else 0,  # what was given, and not noise
        classes=list(data.classes),
        mean=list(data.mean),
        std=list(data.std),
    )
