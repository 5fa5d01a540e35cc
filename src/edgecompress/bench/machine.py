"""The machine of a benchmark and its state, before it and after, as a record keeps them."""

from pydantic import Field

from edgecompress.bench.energy import PowerSensor
from edgecompress.record import Record


class Frequency(Record):
    """The processor's clocks, one entry a group of cores that share one."""

    governors: list[str | None]
    current_khz: list[int | None]
    minimum_khz: list[int | None]
    maximum_khz: list[int | None]


class SystemMemory(Record):
    """The machine's memory, in bytes."""

    total: int | None
    available: int | None
    swap_total: int | None
    swap_used: int | None


class Emulation(Record):
    """The emulation of the machine; null: it is not known. A virtual machine is not an emulated one."""

    emulated: bool | None
    why: str


class Throttling(Record):
    """The causes that slow the processor down: heat, or a weak power supply."""

    now: list[str]
    since_boot: list[str]


class Clock(Record):
    """Seconds on the clocks of a machine, at one moment. Only their differences mean something."""

    wall: float = Field(description="of the date; it can be set")
    monotonic: float = Field(description="the one that times are taken by; it cannot")
    boottime: float | None = Field(description="one that cannot be set either, and runs while the machine sleeps")


class Conditions(Record):
    """The machine and its state, as the agent or a firmware saw them there. Null: the system does not report it."""

    system: str = Field(description="its name; of a microcontroller, what its firmware was made with")
    kernel: str | None = Field(description="null: a microcontroller")
    machine: str = Field(description="as uname -m names it; of a microcontroller, its profile")
    board: str | None = Field(description="the device tree's model")
    product: str | None = Field(default=None, description="the machine's name by Android, or by its firmware")
    cpu: str | None
    cores: int | None
    affinity: list[int] | None = Field(description="cores that the agent may run on")
    frequency: Frequency | None
    memory: SystemMemory
    load: list[float] | None = Field(description="load averages over 1, 5 and 15 minutes")
    emulation: Emulation
    temperatures: dict[str, float] | None = Field(default=None, description="degrees Celsius, by thermal zone")
    throttling: Throttling | None = Field(default=None, description="null: not reported there")
    power_mode: str | None = Field(default=None, description="of a Jetson, as nvpmodel names it")
    power: PowerSensor | None = Field(default=None, description="what energy is read from")
    clock: Clock | None = None
    disk_free: int | None = Field(default=None, description="bytes, where the work folder is")
    libc: str | None = Field(default=None, description="the C library there and its version")
    pip: bool | None = Field(default=None, description="whether Python there has pip")
    python: str | None = Field(description="null: a microcontroller")
    python_bits: int | None = Field(default=None, description="32 or 64: of Python there, whatever the kernel is")
    versions: dict[str, str | None] = Field(description="of what the agent may use; null: not installed")
