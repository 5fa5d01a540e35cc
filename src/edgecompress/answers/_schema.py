"""The schema of each event of the agent: its fields, their types and their bounds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_TEXT = 4096  # characters

Text = Annotated[str, Field(max_length=_TEXT)]
Count = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53, strict=True)]
Nanoseconds = Annotated[int, Field(gt=0, le=10**15, strict=True)]  # eleven days
Seconds = Annotated[float, Field(ge=0, le=10**7, strict=True)]
Amount = Annotated[float, Field(ge=0, le=10**12, strict=True)]
Number = Annotated[float, Field(ge=-(10**12), le=10**12, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class Part(BaseModel):
    """Unknown keys are let through unread: no record takes them."""

    model_config = ConfigDict(allow_inf_nan=False, extra="ignore")


class _Memory(Part):
    total: Count | None
    available: Count | None
    swap_total: Count | None
    swap_used: Whole | None


class _Frequency(Part):
    governors: list[Text | None] = Field(max_length=4096)
    current_khz: list[Count | None] = Field(max_length=4096)
    minimum_khz: list[Count | None] = Field(max_length=4096)
    maximum_khz: list[Count | None] = Field(max_length=4096)


class _Emulation(Part):
    emulated: Flag | None
    why: Text


class _Throttling(Part):
    now: list[Text] = Field(max_length=100)
    since_boot: list[Text] = Field(max_length=100)


class _Clock(Part):
    wall: Number
    monotonic: Amount
    boottime: Amount | None


class _Power(Part):
    sensor: Text | None
    rails: list[Text] = Field(max_length=1000)
    why: Text


class _Conditions(Part):
    system: Text
    kernel: Text
    machine: Text
    board: Text | None
    product: Text | None = None
    cpu: Text | None
    cores: Annotated[int, Field(ge=1, le=2**16, strict=True)] | None
    affinity: list[Count] | None
    frequency: _Frequency | None
    memory: _Memory
    load: Annotated[list[Amount], Field(min_length=3, max_length=3)] | None
    emulation: _Emulation
    temperatures: dict[Text, Number] | None
    throttling: _Throttling | None
    power_mode: Text | None
    power: _Power | None
    clock: _Clock | None
    agent: Text | None
    disk_free: Count | None
    python: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+[\w.+-]*$", max_length=40)]
    libc: Text | None
    pip: Flag | None
    versions: dict[Text, Text | None] = Field(max_length=100)
    python_bits: Literal[32, 64] | None = None


class _Others(Part):
    cores: Amount
    stolen: Amount


class _Window(Part):
    start: Seconds
    seconds: Seconds
    runs: Count
    p50_ns: Annotated[float, Field(gt=0, le=10**15, strict=True)]
    p90_ns: Annotated[float, Field(gt=0, le=10**15, strict=True)]
    p99_ns: Annotated[float, Field(gt=0, le=10**15, strict=True)]
    hottest: Number | None
    clock_khz: Count | None


class _Ran(Part):
    """The fields that every step that runs a model file reports."""

    file: Text
    runtime: Text
    version: Text


class _Latency(_Ran):
    samples_ns: list[Nanoseconds] = Field(min_length=1, max_length=1 << 15)
    load_ns: Count
    first_ns: Count
    warmup_runs: Count
    settled: Flag | None
    runs: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    stride: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    seconds: Annotated[float, Field(gt=0, le=10**7, strict=True)]
    others: _Others | None
    windows: list[_Window] = Field(max_length=100_000)
    inputs: Literal["rows", "noise"]
    details: dict[Text, Annotated[list[Text], Field(max_length=1000)] | None] = Field(max_length=100)
    placement: dict[Text, Count] | None


class _Instructions(_Ran):
    executed: list[Count] = Field(min_length=1, max_length=1000)
    threads: Annotated[int, Field(ge=1, le=2**16, strict=True)]
    details: dict[Text, Annotated[list[Text], Field(max_length=1000)] | None] = Field(max_length=100)
    placement: dict[Text, Count] | None


class _Resident(Part):
    rss: Count | None
    pss: Count | None
    uss: Count | None
    private_dirty: Count | None
    peak: Count | None


class _Grown(Part):
    rss: Whole | None
    pss: Whole | None
    uss: Whole | None
    private_dirty: Whole | None
    peak: Whole | None


class _OverImport(Part):
    after_load: _Grown
    after_first_run: _Grown


class _MemoryOf(_Ran):
    samples: Annotated[int, Field(ge=1, le=2**31, strict=True)]
    after_import: _Resident
    after_load: _Resident
    after_first_run: _Resident
    over_import: _OverImport
    peak: Count | None
    peak_since_import: Flag
    load_ns: Nanoseconds
    first_ns: Nanoseconds


class _Energy(Part):
    file: Text
    sensor: Text
    rails: list[Text] = Field(max_length=1000)
    idle_watts: Number
    watts: Number
    idle_seconds: Seconds
    seconds: Annotated[float, Field(gt=0, le=10**7, strict=True)]
    runs: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    readings: Count | None
    millijoules: Number | None
    millijoules_with_idle: Number | None
    note: Text | None


class _Accuracy(_Ran):
    correct: Count
    total: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    largest_difference: Annotated[float, Field(ge=0, strict=True)] | None


class _Metric(_Ran):
    value: Annotated[float, Field(strict=True)]
    samples: Count


class _Node(Part):
    name: Text
    op_type: Text
    provider: Text
    calls: Count
    mean_us: Amount
    p50_us: Amount
    share: Annotated[float, Field(ge=0, le=1.000001, strict=True)]


class _Profile(Part):
    file: Text
    runs: Count
    run_p50_us: Amount | None
    nodes: list[_Node] = Field(max_length=1_000_000)
    method: Literal["profiler", "operators alone"]
    together: Amount | None
    note: Text | None


class _Outputs(Part):
    rows: Count
    shape: list[Count] = Field(max_length=64)
    runtime: Text
    version: Text


class _TfliteMicro(_Ran):
    rows: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    compared: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    arena: Annotated[int, Field(ge=1, le=2**40, strict=True)]
    persistent: Annotated[int, Field(ge=1, le=2**40, strict=True)]


class _TfliteMicroSame(_Ran):
    same: Flag
    arena: Annotated[int, Field(ge=1, le=2**40, strict=True)]
    reference_arena: Annotated[int, Field(ge=1, le=2**40, strict=True)]


class _Installed(Part):
    fresh: Flag
    packages: dict[Text, Text] = Field(max_length=1000)


class _Unpacked(Part):
    files: list[Text] = Field(max_length=10_000)
    bytes: Count


class _File(Part):
    file: Text


class _Imports(Part):
    broken: dict[Text, Text] = Field(max_length=100)


class Error(Part):
    message: str


class Progress(Part):
    """The fields of a ``progress`` event that are read."""

    done: Count = 0
    total: Count = 0
    correct: Count = 0
    runs: Count = 0
    min_runs: Count = 0
    seconds: Seconds = 0
    phase: Text = ""


ANSWERS: dict[str, type[Part]] = {
    "accelerator": _File,
    "accuracy": _Accuracy,
    "conditions": _Conditions,
    "energy": _Energy,
    "imports": _Imports,
    "installed": _Installed,
    "instructions": _Instructions,
    "latency": _Latency,
    "memory": _MemoryOf,
    "metric": _Metric,
    "tflite_micro": _TfliteMicro,
    "tflite_micro_same": _TfliteMicroSame,
    "outputs": _Outputs,
    "profile": _Profile,
    "unpacked": _Unpacked,
}
