"""The number of samples of the test set that a stage's network got right, kept beside the stage."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from edgecompress import bundle
from edgecompress.record import Record, write_atomically
from edgecompress.study.records import Count
from edgecompress.study.store import StudyStore

SUFFIX = ".test.json"


class Counted(Record):
    """A count, and of which network."""

    stage_sha256: str = Field(description="of the stage's file")
    count: Count


def counted(stage: Path, count: Callable[[], Count], artefacts: StudyStore | None = None) -> Count:
    """The result of ``count`` for a finished stage, from this run or an earlier one.

    Cells that share a baseline or a pruned network run it on its test set once.

    Args:
        stage: the stage's file. Its name is a hash over all that decides the network, the data among it; but machines
            that round otherwise make files of one name and other weights, so a count is of a file's bytes.
        count: runs the network.
        artefacts: another place where it is kept, for machines that share no folder.
    """
    path = stage.with_name(stage.name.split(".")[0] + SUFFIX)
    digest = bundle.digest(stage)
    if artefacts and not path.exists():
        artefacts.fetch(path)
    with suppress(FileNotFoundError, ValidationError):
        kept = Counted.model_validate_json(path.read_bytes())
        if kept.stage_sha256 == digest:
            return kept.count
    found = Counted(stage_sha256=digest, count=count())
    write_atomically(path, found.to_json())
    if artefacts:
        artefacts.publish(path)
    return found.count
