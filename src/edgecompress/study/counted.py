"""How many samples of the test set a stage's network got right, kept beside the stage."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from edgecompress.record import write_atomically
from edgecompress.study.records import Count
from edgecompress.study.store import Store

SUFFIX = ".test.json"


def counted(stage: Path, count: Callable[[], Count], artefacts: Store | None = None) -> Count:
    """What ``count`` finds of a finished stage, by this run or an earlier one.

    Cells that share a baseline or a pruned network run it on its test set once; that takes longer than clustering does,
    where there is no GPU.

    Args:
        stage: the stage's file. Its name is a hash over all that decides the network, the data among it.
        count: runs the network.
        artefacts: another place where it is kept, for machines that share no folder.
    """
    path = stage.with_name(stage.name.split(".")[0] + SUFFIX)
    if artefacts and not path.exists():
        artefacts.fetch(path)
    with suppress(FileNotFoundError, ValidationError):
        return Count.model_validate_json(path.read_bytes())
    found = count()
    write_atomically(path, found.to_json())
    if artefacts:
        artefacts.publish(path)
    return found
