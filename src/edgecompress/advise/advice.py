"""The advice on what pays: read from records of micro-benchmarks, and from nothing else."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from edgecompress.advise.records import Change, MicroRecord, NetworkIdentity
from edgecompress.bench.statistics import Ratio
from edgecompress.record import Record, Versioned

HOW: dict[Change, str] = {
    "pruned": "prune.sparsity and cluster.bits of the recipe",
    "pairs": 'prune.pattern="2x1" for 1x1 convolutions: the recipe sparse-arm, which build takes on such boards',
    "half": "width=0.5, or a [structure] table that removes channels of the trained network",
    "int8": "export.int8=true, the default where the board has dotprod",
    "float16": 'export.tflite_weights="float16", the default',
    "float16-arithmetic": "export.float16_arithmetic=true, the default where the board has fp16",
}
"""What in a recipe asks for a change."""


class Line(Record):
    """The effect of one change in one runtime, against the network as it is in the same runtime."""

    change: Change
    what: str
    runtime: str
    file: str
    bytes: int
    smaller: float = Field(description="bytes of the unchanged file over this one's")
    latency: Ratio | None = Field(description="over the unchanged file's; null: not measured, or emulated")
    instructions: float | None = Field(
        default=None,
        description="of one inference over the unchanged file's: estimated from counted instructions on the emulated "
        "`processor`, and no time; null: not counted",
    )
    load: float | None = Field(description="load time over the unchanged file's, one measurement each")
    peak: float | None = Field(description="peak memory of the process over that with the unchanged file, one each")
    how: str = Field(description="what in a recipe asks for it")


class Advice(Versioned):
    """The advice before any training. Nothing in it is estimated but instructions, which are counted."""

    marks: ClassVar[frozenset[str]] = frozenset({"lines", "place", "on_target"})
    kind: Literal["advice"] = "advice"
    schema_version: Literal[1] = 1
    network: NetworkIdentity
    target: str
    record: str = Field(description="id of the record that all of it is from")
    created: str
    place: str = Field(description="the machine that was measured")
    on_target: bool = Field(description="whether that machine is the target")
    taken: Literal["measured", "emulated"]
    threads: int
    mode: str
    counted: str | None = Field(default=None, description="id of the record that instructions are from; null: none")
    processor: str | None = Field(default=None, description="that was emulated to count them; null: none")
    executed: dict[str, int] = Field(
        default={}, description="by the unchanged network in each runtime: instructions of one inference there"
    )
    lines: list[Line]
    runtimes: dict[str, float] = Field(description="median of the unchanged network in each runtime, nanoseconds")
    left_out: dict[str, str]
    warnings: list[str]


def best(
    records: Sequence[tuple[str, MicroRecord]], network: NetworkIdentity, target: str
) -> tuple[str, MicroRecord] | None:
    """The record to advise from: of this network; of the target before any other board, measured before emulated.

    ``records`` are ids and records, newest first; of equally good ones the first is taken. ``None``: there is none.
    """
    fitting = [each for each in records if each[1].network == network]
    return min(fitting, key=lambda each: (each[1].taken != "measured", each[1].place.profile != target), default=None)


def counted(
    records: Sequence[tuple[str, MicroRecord]], network: NetworkIdentity, processor: str | None
) -> tuple[str, MicroRecord] | None:
    """The newest record of this network with instructions that were counted on ``processor``; ``None``: there is none.

    ``records`` are ids and records, newest first.
    """
    return next((each for each in records if each[1].network == network and _executed(each[1], processor)), None)


def _executed(record: MicroRecord, processor: str | None) -> dict[str, int]:
    """Instructions of an inference of each file, as counted on ``processor``."""
    found = {name: file.instructions for name, file in record.files.items()}
    return {name: each.per_inference for name, each in found.items() if each and each.processor == processor}


def advise(
    number: str, record: MicroRecord, target: str, *, estimate: tuple[str, MicroRecord, str] | None = None
) -> Advice:
    """The advice that follows from a record for a target. Latencies of an emulated machine are left out.

    ``estimate`` is a record with instructions, of the same network: its id, itself, and the processor.
    """
    timed = record.taken == "measured"
    on_target = record.place.profile == target
    executed = _executed(estimate[1], estimate[2]) if estimate else {}
    lines = _lines(record, executed, timed=timed)
    if estimate and estimate[0] != number:
        known = {line.file for line in lines}
        lines += [line for line in _lines(estimate[1], executed, timed=False) if line.file not in known]
    unchanged = {file.runtime: (name, file) for name, file in record.files.items() if _unchanged(record, name)}
    warnings = []
    if not on_target and timed:
        warnings.append(
            f"latency, load and memory were measured on {record.place.name}, not on {target}: they say nothing certain "
            f"about {target}. Sizes hold everywhere"
        )
    if not timed and not any(file.instructions for file in record.files.values()):
        warnings.append(f"{record.place.name} is emulated: its times are left out")
    failures = [f"{name}: {each.step}: {each.message}" for name, file in record.files.items() for each in file.failures]
    return Advice(
        network=record.network,
        target=target,
        record=number,
        created=record.created,
        place=record.place.name,
        on_target=on_target,
        taken=record.taken,
        threads=record.threads,
        mode=record.protocol.mode,
        counted=estimate[0] if estimate else None,
        processor=estimate[2] if estimate else None,
        executed={
            file.runtime: executed[name]
            for name, file in (estimate[1].files.items() if estimate else ())
            if name in executed and estimate and _unchanged(estimate[1], name)
        },
        lines=lines,
        runtimes={
            runtime: file.latency.summary.p50 for runtime, (_, file) in unchanged.items() if file.latency and timed
        },
        left_out=record.left_out,
        warnings=[*warnings, *failures, *record.validity.concerns],
    )


def _unchanged(record: MicroRecord, name: str) -> bool:
    return record.variants[name].change == "none"


def _lines(record: MicroRecord, executed: Mapping[str, int], *, timed: bool) -> list[Line]:
    """A line for each changed file of a record."""
    ratios = {each.compressed: each.latency for each in record.comparisons} if timed else {}
    unchanged = {file.runtime: (name, file) for name, file in record.files.items() if _unchanged(record, name)}
    lines = []
    for name, file in record.files.items():
        variant, (base_name, base) = record.variants[name], unchanged[file.runtime]
        if variant.change == "none":
            continue
        memory = (file.memory, base.memory) if file.memory and base.memory else None
        peaks = (memory[0].peak, memory[1].peak) if memory else (None, None)
        both = name in executed and base_name in executed
        lines.append(
            Line(
                change=variant.change,
                what=variant.what,
                runtime=file.runtime,
                file=name,
                bytes=file.bytes,
                smaller=base.bytes / file.bytes,
                latency=ratios.get(name),
                instructions=executed[name] / executed[base_name] if both else None,
                load=memory[0].load_ns / memory[1].load_ns if memory and timed else None,
                peak=peaks[0] / peaks[1] if peaks[0] and peaks[1] else None,
                how=HOW[variant.change],
            )
        )
    return lines
