"""The result of a comparison, as one document."""

from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.bench.statistics import Change
from edgecompress.compress.record import Better
from edgecompress.record import Record, Versioned


class Side(Record):
    """One of the two records."""

    name: str = Field(description="as it was given: a file or an id")
    id: str = Field(description="the record's checksum, its id in a store")
    kind: str
    created: str
    model: str
    data: str
    device: str


class ComparedMetric(Record):
    """One metric of one file in both records. A ratio and a difference are B's over and less A's."""

    file: str = Field(description="its name in B")
    kind: str
    runtime: str
    metric: str
    unit: Literal["ns", "bytes", "percent", "ratio", "own"]
    better: Better | None = Field(default=None, description="of a metric of the user's own, as the build was given")
    a: float
    b: float
    difference: float
    ratio: float | None = Field(description="null where A's value is 0")
    change: Change | None = Field(
        default=None, description="with intervals, from resampled raw times; null: there is one value and no samples"
    )
    verdict: str = Field(
        description="of times: slower, faster or no difference seen; of one value: more, less or the same; of a metric "
        "of the user's own whose better direction is known: better, worse or the same"
    )


class JudgedLimit(Record):
    """One limit on one file."""

    limit: str
    file: str
    value: float = Field(description="what is held against it")
    unit: Literal["ns", "bytes", "percent", "points", "ratio", "own"]
    broken: bool
    why: str


class CompareRecord(Versioned):
    """Record B against record A."""

    marks: ClassVar[frozenset[str]] = frozenset({"a", "b", "limits"})
    kind: Literal["compare"] = "compare"
    schema_version: Literal[1] = 1
    tool_version: str
    a: Side
    b: Side
    allowed: dict[str, str] = Field(description="what differs between the two and was allowed to, by name")
    notes: list[str]
    rows: list[ComparedMetric]
    limits: list[JudgedLimit]
