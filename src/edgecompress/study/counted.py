"""The samples of the test set that a stage's network got right, kept beside the stage."""

import base64
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from edgecompress import bundle
from edgecompress.record import Record, write_atomically
from edgecompress.study.store import StudyStore

SUFFIX = ".test.json"

Right = NDArray[np.bool_]
"""Whether a network got each sample right, shape (N,)."""


class Counted(Record):
    """The samples that a network got right, and which network."""

    stage_sha256: str = Field(description="of the stage's file")
    samples: int
    right: str = Field(description="a bit a sample, the first one the highest of its byte, in base64")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        try:
            found = len(base64.b64decode(self.right, validate=True))
        except ValueError:
            found = -1
        if found != (self.samples + 7) // 8:
            raise PydanticCustomError("whole", "there is not a bit for each sample")
        return self

    @classmethod
    def of(cls, digest: str, right: Right) -> Self:
        """The record of ``right`` for the stage's file of that digest."""
        bits = base64.b64encode(np.packbits(right).tobytes()).decode("ascii")
        return cls(stage_sha256=digest, samples=len(right), right=bits)

    def unpacked(self) -> Right:
        """The samples as ``of`` was given them."""
        bits = np.frombuffer(base64.b64decode(self.right), np.uint8)
        return np.unpackbits(bits, count=self.samples).astype(bool)


def counted(stage: Path, run: Callable[[], Right], artefacts: StudyStore | None = None) -> Right:
    """The result of ``run`` for a finished stage, from this run or an earlier one.

    Cells that share a baseline or a pruned network run it on its test set once.

    Args:
        stage: the stage's file. Its name is a hash over all that decides the network, the data among it; but machines
            that round otherwise make files of one name and other weights, so a result is of a file's bytes.
        run: runs the network.
        artefacts: another place where it is kept, for machines that share no folder.
    """
    path = stage.with_name(stage.name.split(".")[0] + SUFFIX)
    digest = bundle.digest(stage)
    if artefacts and not path.exists():
        artefacts.fetch(path)
    with suppress(FileNotFoundError, ValidationError):
        kept = Counted.model_validate_json(path.read_bytes())
        if kept.stage_sha256 == digest:
            return kept.unpacked()
    found = Counted.of(digest, run())
    write_atomically(path, found.to_json())
    if artefacts:
        artefacts.publish(path)
    return found.unpacked()
