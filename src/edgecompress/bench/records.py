"""The record of a benchmark: a JSON document that says what was measured, on what, how, and how far to trust it."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from edgecompress.bench.accelerator import Accelerator
from edgecompress.bench.energy import Energy
from edgecompress.bench.machine import Conditions
from edgecompress.bench.operators import Profile
from edgecompress.bench.protocol import Protocol
from edgecompress.bench.statistics import Ratio, Summary
from edgecompress.compress.record import Better
from edgecompress.deploy.emulated.count import Instructions
from edgecompress.export.kinds import Kind
from edgecompress.record import About, Published, Record
from edgecompress.target import Runtime


class Others(Record):
    """The use of the processor by others during the timed rounds, in cores, on average."""

    cores: float = Field(description="other processes of the machine")
    stolen: float = Field(description="the hypervisor, for other machines")


class Window(Record):
    """A part of a long measurement."""

    start: float = Field(description="seconds since the first timed round")
    seconds: float
    runs: int
    p50_ns: float
    p90_ns: float
    p99_ns: float
    hottest: float | None = Field(description="degrees Celsius of the hottest zone at the end; null: none is shown")
    clock_khz: int | None = Field(description="of the fastest core at the end; null: the kernel shows none")


class Latency(Record):
    """Times of batch-1 inference, in nanoseconds: the runtime's own calls, from an input array to an output array."""

    samples_ns: list[int] = Field(min_length=1, description="raw, in the order of the rounds")
    processes: list[int] = Field(
        default=[], description="how many of the samples each process has, one after the other; empty: all are of one"
    )
    summary: Summary
    runs: int = Field(description="timed runs; the samples are one pair of runs in `stride`")
    stride: int
    warmup_runs: int = Field(description="of all processes")
    settled: bool | None = Field(
        description="whether the warm-up ended because the times had settled; null: fixed number"
    )
    seconds: float = Field(description="how long the timed rounds took, all files of the process together")
    together_with: list[str] = Field(description="the other files that were timed in the same rounds")
    inputs: Literal["rows", "noise"]
    others: Others | None
    windows: list[Window] = Field(default=[], description="minute by minute, in mode sustained")
    details: dict[str, list[str] | None] = Field(description="what else the runtime reported: providers, delegates")
    placement: dict[str, int] | None = Field(
        default=None,
        description="nodes by the provider or delegate that took them, the one that was asked for first; null: the "
        "runtime does not report it",
    )

    @model_validator(mode="after")
    def _every_sample_has_its_process(self) -> "Latency":
        if self.processes and sum(self.processes) != len(self.samples_ns):
            raise ValueError("processes must add up to the number of samples")
        return self


class Resident(Record):
    """Memory of a process, in bytes. Null: the system does not report it."""

    rss: int | None = Field(description="resident set")
    pss: int | None = Field(description="proportional set: a shared page counts in parts")
    uss: int | None = Field(description="pages that no other process has")
    private_dirty: int | None = Field(description="those of them that were written, so that they cannot be dropped")
    peak: int | None = Field(description="highest resident set")


class OverImport(Record):
    """The growth of memory since the runtime was imported; the peak over the resident set then."""

    after_load: Resident
    after_first_run: Resident


class ProcessMemory(Record):
    """Memory of a process that runs this file alone. It includes Python, NumPy and the runtime itself."""

    after_import: Resident
    after_load: Resident
    after_first_run: Resident
    over_import: OverImport
    peak: int | None
    peak_since_import: bool = Field(description="false: the peak counts from the start of the process")
    load_ns: int = Field(description="from the file to a session that is ready, in this fresh process")
    first_ns: int = Field(description="the first inference")


class AccuracyResult(Record):
    """The number of samples of the bundle's evaluation data that the file got right."""

    correct: int
    samples: int
    percent: float
    largest_difference: float | None = Field(
        description="largest absolute difference of an output to the host's reference; null: there was none"
    )
    reference: str = Field(description="what that reference is")


class MetricResult(Record):
    """A metric of the user's own, of the outputs that a file gave on the device for the bundle's evaluation data."""

    name: str
    better: Better | None = Field(description="its better direction; null: not given")
    value: float
    samples: int
    computed: Literal["host", "device"] = Field(description="where the outputs were judged")
    source_sha256: str | None = Field(
        default=None, description="of the file that the function is in; null: an older record"
    )
    largest_difference: float | None = Field(
        description="largest absolute difference to the host's reference, of the output that differs most for its "
        "spread; null: there was none"
    )
    reference: str = Field(description="what that reference is")

    def drop(self, dense: "MetricResult") -> float | None:
        """The units by which it is worse than the dense file's; ``None``: its better direction is not given."""
        return None if self.better is None else (dense.value - self.value) * (1 if self.better == "higher" else -1)


class FirmwareResult(Record):
    """The report of a microcontroller's firmware, and its outputs beside the host's reference, in steps of the int8."""

    arena_bytes: int = Field(description="of the tensor arena, used")
    arena_size: int = Field(description="of the arena that the firmware gives")
    hertz: int | None = Field(
        description="rate of the counter that cycles are from; null: emulated, which has no times"
    )
    compared: int = Field(description="samples whose outputs were compared with the reference that `accuracy` names")
    largest_steps: float | None = Field(description="largest difference; null: there was no reference")
    differing: float | None = Field(description="fraction of outputs that differ")
    beyond_a_step: float | None = Field(description="fraction of outputs that differ by more than a step")
    repeated_lines: int = Field(description="lines that were damaged on their way, and sent again")


class Failure(Record):
    """A step that did not end well for a file."""

    step: str
    message: str


class FileResult(Record):
    """All that was measured of one file. What is null was not; `failures` says why."""

    runtime: Runtime
    runtime_version: str | None = None
    kind: Kind
    bytes: int
    sha256: str
    latency: Latency | None = None
    memory: ProcessMemory | None = None
    accuracy: AccuracyResult | None = None
    metric: MetricResult | None = Field(default=None, description="null: none of the user's own, or it was left out")
    instructions: Instructions | None = Field(
        default=None, description="of one inference on an emulated processor, which has no latency; null: a real one"
    )
    firmware: FirmwareResult | None = Field(default=None, description="of a microcontroller; null: another device")
    energy: Energy | None = Field(default=None, description="null: no sensor, or a mode that does not read it")
    profile: Profile | None = Field(default=None, description="null: not asked for")
    failures: list[Failure] = Field(default=[])


class Comparison(Record):
    """A file's latency over the dense file's, in the same runtime and the same rounds."""

    runtime: Runtime
    compressed: str = Field(description="the file: compressed, or quantised to int8")
    dense: str
    latency: Ratio
    method: Literal["medians", "paired rounds"] = Field(
        default="medians",
        description="what `latency` is: the ratio of both medians, as in records that do not say; or that of the "
        "rounds, each with both files (docs/benchmarking.md)",
    )


class Validity(Record):
    """The validity of the figures: whatever was seen that speaks against them."""

    concerns: list[str] = Field(description="what speaks against them")
    disturbed: list[str] = Field(
        default=[], description="those of them that make the times another machine's: it slowed down, swapped or shared"
    )
    unknown: list[str] = Field(description="what could not be looked at")


class DeviceInfo(Record):
    """The device that the figures are of."""

    address: str
    is_target: bool = Field(description="whether it is the board that the bundle was made for")
    note: str


class BundleInfo(Record):
    """The bundle that was measured."""

    manifest_sha256: str
    created: str
    model: str
    target: str
    data: str
    data_official: bool
    data_note: str
    data_sha256: str | None = Field(description="over the raw files of the data set; null: not recorded")
    eval_sha256: str | None = Field(description="of eval.npz, what accuracy is of; null: not recorded")


class BenchRecord(Published):
    """One benchmark of one bundle on one device."""

    marks: ClassVar[frozenset[str]] = frozenset({"protocol", "bundle", "comparisons"})

    kind: Literal["bench"] = "bench"
    schema_version: Literal[2] = 2
    tool_version: str
    created: str = Field(description="UTC, ISO 8601, when it began")
    seconds: float = Field(description="how long it took")
    taken: Literal["measured", "emulated", "estimated"]
    device: DeviceInfo
    bundle: BundleInfo
    protocol: Protocol
    threads: int
    threads_note: str = Field(description="where the number of threads comes from")
    accelerator: Accelerator = Field(default=Accelerator(), description="what was asked to run what it can")
    agent_sha256: str | None = Field(description="of the agent's zip file; null: a microcontroller, which has none")
    before: Conditions
    after: Conditions
    files: dict[str, FileResult]
    comparisons: list[Comparison]
    validity: Validity

    def about(self) -> About:
        """The subject of the record: the bundle, and the device that it was measured on."""
        return About(
            created=self.created,
            model=self.bundle.model,
            data=self.bundle.data,
            device=self.device.address,
            target=self.bundle.target,
            runtimes=tuple(dict.fromkeys(file.runtime for file in self.files.values())),
            taken=self.taken,
        )
