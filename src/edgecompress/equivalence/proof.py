"""The proof of a file that was rewritten, beyond that its weights are the source's bit by bit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field

from edgecompress.encode.ledger import Ledger
from edgecompress.record import Record


class Proof(Record):
    """The outputs that both files computed alike from the same inputs. What was not compared is not proved."""

    compared: tuple[str, ...] = Field(description="outputs that both files computed, and that were found the same")
    inputs: dict[str, tuple[int, ...]] = Field(
        default_factory=dict, description="shapes of the inputs that they were computed from"
    )
    reason: str = Field(default="", description="why outputs were not compared; empty where all of them were")

    @classmethod
    def none(cls, reason: str) -> Self:
        """No output was compared, because ``reason``."""
        return cls(compared=(), reason=reason)

    @property
    def words(self) -> str:
        """The claim for the file: ``proved`` only where every output was compared."""
        if not self.reason:
            return "proved"
        if self.compared:
            return f"weights identical; {len(self.compared)} outputs compared, others not, because {self.reason}"
        return f"weights identical; outputs not compared, because {self.reason}"


Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of inputs by name, as a user gave them."""


@dataclass(frozen=True)
class Written:
    """A file that a packer wrote.

    Attributes:
        ledger: of the file.
        proof: that it is its source's equal; ``None`` where it is the source itself, copied.
        declined: of a copy, why what could be made smaller was not; empty where nothing could.
    """

    ledger: Ledger
    proof: Proof | None
    declined: str = ""
