"""The front of a search as a whole: what ran through the full stages, in bytes, accuracy and latency."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.compress.record import TOP_1, Better
from edgecompress.record import Record, Versioned
from edgecompress.search.records import SearchRecord
from edgecompress.target import LinuxRuntime


class BoardLatency(Record):
    """Latency of a file of the front on a board."""

    device: str
    runtime: LinuxRuntime
    p50_ns: float
    ratio: float | None = Field(description="over the dense file's; null: that did not run")
    taken: Literal["measured", "emulated", "estimated"]
    record: str = Field(description="file of the benchmark's record, from the front's folder")


class SearchPoint(Record):
    """A network that no other one of the search beats in bytes, drop and latency."""

    recipe: str = Field(description="file of the recipe that builds it, from the front's folder")
    macs: float = Field(description="multiply-accumulates left, as a fraction of the dense network's")
    trial: int | None = Field(description="of the search with these; null: the recipe as it was given")
    bytes: int = Field(description="of the ONNX file")
    accuracy: float = Field(description="of the validation split")
    drop: float = Field(description="to the dense network's; negative: it is better")
    latency: float = Field(description="over the dense network's on the machine that searched; 1: it has all channels")
    holds: bool = Field(description="whether drop and size are within what was asked for")
    boards: tuple[BoardLatency, ...] = ()


class FrontRecord(Versioned):
    """The front of a search. Accuracies and drops are as in the search's record."""

    marks: ClassVar[frozenset[str]] = frozenset({"points", "chosen"})
    kind: Literal["front"] = "front"
    schema_version: Literal[1] = 1
    tool_version: str
    model: str
    data: str
    metric: str = Field(default=TOP_1, description="what accuracies and drops are of")
    better: Better = Field(default="higher", description="the direction in which it is better")
    dense_accuracy: float
    points: tuple[SearchPoint, ...] = Field(description="smallest first")
    chosen: int | None = Field(description="index of the smallest point that holds; null: none does")


def whole_front(records: Sequence[SearchRecord]) -> list[tuple[SearchRecord, SearchPoint]]:
    """The candidates of all ``records`` that no other one beats, smallest first, each with the search that found it.

    One beats another that is nowhere better and somewhere worse; of two that are equal the first stays. Names of
    recipes are ``front/0.toml`` and so on, in that order.
    """
    found = [
        (record, candidate, record.channels.ratio if record.channels else 1.0)
        for record in records
        for candidate in record.candidates
    ]
    figures = [(candidate.bytes, candidate.drop, latency) for _, candidate, latency in found]
    kept = [
        place
        for place, own in enumerate(figures)
        if not any(_beats(other, own) or (other == own and at < place) for at, other in enumerate(figures))
    ]
    kept.sort(key=lambda place: figures[place])
    points = []
    for number, place in enumerate(kept):
        record, candidate, latency = found[place]
        point = SearchPoint(
            recipe=f"front/{number}.toml",
            macs=record.channels.macs if record.channels else 1.0,
            trial=candidate.trial,
            bytes=candidate.bytes,
            accuracy=candidate.accuracy,
            drop=candidate.drop,
            latency=latency,
            holds=candidate.holds,
        )
        points.append((record, point))
    return points


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine <= its for mine, its in zip(one, other, strict=True))
