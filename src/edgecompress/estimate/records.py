"""The entries of a manifest for files on the board's processor, and for the one that leads. No latency is in it."""

from typing import Literal

from pydantic import Field

from edgecompress.export.accuracy import FileAccuracy
from edgecompress.export.verify import OutputCheck
from edgecompress.record import Record
from edgecompress.target import Runtime

FLOAT16_ARITHMETIC = 5e-2
"""How far outputs may be from the network's where sums are added up in float16 too, over a sample's largest output."""


class OnProcessor(Record):
    """The outputs and accuracy on the board's emulated processor, of a file whose values depend on the processor."""

    processor: str | None = Field(description="that was emulated; null: none was")
    outputs: OutputCheck | None = Field(
        default=None, description="beside the network's in float32, on test samples; null: not taken"
    )
    accuracy: FileAccuracy | None = Field(default=None, description="of the same test samples; null: not taken")
    why_not: str = Field(default="", description="why it was not taken")


class LeadCandidate(Record):
    """A file that could lead."""

    runtime: Runtime
    bytes: int
    instructions: int | None = Field(
        default=None, description="that one inference executes on the emulated processor; null: not counted"
    )
    ratio: float | None = Field(
        default=None,
        description="what one inference executes over the dense file of its runtime: counted, else by the rule; null: "
        "neither knows it",
    )
    drop: float | None = Field(
        default=None, description="points of validation accuracy below the dense network; null: not known"
    )
    samples: int = Field(default=0, description="of the validation split, that the drop is of")
    judged: str = Field(default="", description="what was judged on them, and where")
    left_out: str = Field(default="", description="why it cannot lead; empty: it can")


class Lead(Record):
    """The file to take on the board, and why. A benchmark there may know better."""

    file: str
    why: str
    basis: Literal["instructions", "rule"] = Field(
        description="instructions: estimated from those that an emulated processor executed; rule: from what the "
        "board's profile says and what was measured of other networks (docs/runtimes.md)"
    )
    processor: str | None = Field(default=None, description="that was emulated; null: none")
    limit: float = Field(description="points of validation accuracy that it may lose to the dense network")
    note: str = Field(default="", description="why nothing was counted; empty: it was")
    candidates: dict[str, LeadCandidate] = Field(description="by file")
