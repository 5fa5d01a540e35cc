"""The record of a micro-benchmark: variants of one network, timed in the same rounds on one device."""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.bench.machine import Conditions
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.records import Comparison, FileResult, Validity
from edgecompress.record import About, Published, Record

Change = Literal["none", "pruned", "pairs", "half", "int8", "float16", "float16-arithmetic"]


class NetworkIdentity(Record):
    """The network whose variants were measured."""

    name: str = Field(description="of a built-in network, or of the file")
    width: float | None = Field(description="of a built-in network; null: a file")
    input_shape: list[int] = Field(description="of one sample, channels first")
    classes: int | None = Field(description="of a built-in network; null: a file")
    sha256: str | None = Field(description="of the file; null: a built-in network with random weights")


class MeasuredPlace(Record):
    """The place of the measurement."""

    address: str
    profile: str | None = Field(description="the target that the device is; null: none of those that ship, or unknown")
    name: str = Field(description="the board's or processor's own name")


class Variant(Record):
    """One file."""

    change: Change = Field(description="none: the network as it is, which the others are compared with")
    what: str = Field(description="how the file was made")


class MicroRecord(Published):
    """Variants of one network on one device. Accuracy is not in it: nothing was trained.

    Of a processor that was emulated to count, it has instructions and no times.
    """

    marks: ClassVar[frozenset[str]] = frozenset({"network", "variants", "left_out"})

    kind: Literal["micro"] = "micro"
    schema_version: Literal[1] = 1
    tool_version: str
    created: str = Field(description="UTC, ISO 8601, when it began")
    seconds: float = Field(description="how long it took")
    taken: Literal["measured", "emulated"]
    network: NetworkIdentity
    place: MeasuredPlace
    target: str = Field(description="the profile that the files and the threads are for")
    protocol: Protocol
    threads: int
    threads_note: str
    agent_sha256: str
    before: Conditions
    after: Conditions
    variants: dict[str, Variant] = Field(description="by file")
    files: dict[str, FileResult]
    comparisons: list[Comparison]
    left_out: dict[str, str] = Field(description="what could not be made, and why")
    validity: Validity

    def about(self) -> About:
        """The subject of the record. The target is the board that it was measured on, if that is one."""
        return About(
            created=self.created,
            model=self.network.name,
            device=self.place.address,
            target=self.place.profile or "",
            runtimes=tuple(dict.fromkeys(file.runtime for file in self.files.values())),
            taken=self.taken,
        )
