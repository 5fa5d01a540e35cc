"""Target profiles: what a board is, and what fits it. One TOML file a board; ``targets/`` holds those that ship."""

from typing import Literal, Self

from pydantic import Field, model_validator

from edgecompress import shipped
from edgecompress.errors import InputError
from edgecompress.record import Record

Runtime = Literal["onnxruntime", "litert", "tflite-micro"]
LinuxRuntime = Literal["onnxruntime", "litert"]
"""A runtime of boards with Linux or Android, where the agent runs."""
TFLITE_MICRO: Runtime = "tflite-micro"
"""TensorFlow Lite Micro, the runtime of microcontrollers."""
Npu = Literal[
    "ethos-u55-32",
    "ethos-u55-64",
    "ethos-u55-128",
    "ethos-u55-256",
    "ethos-u65-256",
    "ethos-u65-512",
    "ethos-u85-128",
    "ethos-u85-256",
    "ethos-u85-512",
    "ethos-u85-1024",
    "ethos-u85-2048",
]
_KIB = 1024
_MICROCONTROLLERS = ("serial", "none")  # transports
Feature = Literal["dotprod", "fp16", "i8mm", "bf16", "sve", "sve2"]


class Budget(Record):
    """The limits of a bundle on the board. ``None`` means that the profile sets no limit."""

    file_kib: int | None = Field(default=None, gt=0, description="largest model file that runs on the board, KiB")
    memory_mib: int | None = Field(
        default=None, gt=0, description="largest resident memory of the inference process, MiB"
    )
    arena_kib: int | None = Field(
        default=None,
        gt=0,
        description="largest tensor arena on a microcontroller: what of its RAM the network gets, KiB",
    )
    enforce: bool = Field(default=False, description="true: a bundle over budget is refused; false: it is a warning")


class Target(Record):
    """A board: its processor, its runtimes in order of preference, how it is reached, and its budget."""

    name: str
    title: str = Field(description="the board's name in full, as its maker writes it")
    arch: Literal["aarch64", "armv7l", "x86_64", "cortex-m", "xtensa", "any"]
    cpu: str
    features: list[Feature] = Field(
        default=[],
        description="instructions beyond those that every 64-bit Arm processor has, of all cores: dotprod multiplies "
        "int8, fp16 computes in float16, i8mm multiplies int8 matrices, sve and sve2 have longer vectors",
    )
    emulator_cpu: str | None = Field(
        default=None,
        description="the processor that stands for it where one is emulated (bench --device emulated): its own, or one "
        "with the same features",
    )
    cores: int = Field(gt=0)
    memory_mib: int | None = Field(default=None, gt=0, description="null: a microcontroller")
    ram_kib: int | None = Field(default=None, gt=0, description="of a microcontroller, KiB")
    flash_kib: int | None = Field(default=None, gt=0, description="of a microcontroller, KiB")
    npu: Npu | None = Field(default=None, description="the Ethos-U beside it, as Vela names it")
    accelerator: str | None = None
    runtimes: list[Runtime] = Field(
        min_length=1, description="in order of preference; tflite-micro alone: a microcontroller, which has no Linux"
    )
    providers: list[str] = Field(
        default=[],
        description="execution providers beside the CPU's that onnxruntime has where the board maker's build of it is "
        "installed, best first",
    )
    threads: int = Field(gt=0, description="threads of a benchmark by default")
    transport: Literal["local", "ssh", "adb", "serial", "none"] = Field(
        description="how bench reaches it: a microcontroller by serial; none: the same, as older profiles say it"
    )
    models: list[str] = Field(
        default=[],
        description="what such a board's device tree or firmware says that it is, or how that begins; empty: its title",
    )
    budget: Budget = Budget()
    notes: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if TFLITE_MICRO in self.runtimes:
            if self.runtimes != [TFLITE_MICRO]:
                raise ValueError("tflite-micro is the runtime of microcontrollers, which have no other beside it")
            if self.ram_kib is None or self.flash_kib is None or self.memory_mib is not None:
                raise ValueError("a microcontroller has ram_kib and flash_kib, and no memory_mib")
            if self.transport not in _MICROCONTROLLERS:
                raise ValueError('a microcontroller is reached by a serial line: give transport = "serial"')
        elif (
            self.memory_mib is None or self.ram_kib or self.flash_kib or self.npu or self.transport in _MICROCONTROLLERS
        ):
            raise ValueError(
                "a board with Linux has memory_mib and a transport; ram_kib, flash_kib and npu are a microcontroller's"
            )
        return self

    @property
    def is_microcontroller(self) -> bool:
        """Return whether it is a microcontroller: TensorFlow Lite Micro runs there, int8 alone, and no Linux."""
        return TFLITE_MICRO in self.runtimes

    def limited(self, *, file: int | None, arena: int | None) -> "Target":
        """The board with limits of so many bytes in place of its profile's, enforced; ``None`` leaves the profile's.

        Limits are whole KiB: what is over goes.

        Raises:
            InputError: one is below 1 KiB, or ``arena`` is for a board that is no microcontroller.
        """
        if file is None and arena is None:
            return self
        if arena is not None and not self.is_microcontroller:
            raise InputError(f"an arena is a microcontroller's, and {self.name} has Linux; leave its budget out")
        if any(limit is not None and limit < _KIB for limit in (file, arena)):
            raise InputError("a budget is at least 1 KiB; write it as 256kB")
        limits = {"file_kib": file, "arena_kib": arena}
        new = {name: limit // _KIB for name, limit in limits.items() if limit is not None}
        return self.model_copy(update={"budget": self.budget.model_copy(update={**new, "enforce": True})})

    def no_agent(self, what: str) -> str:
        """The line about ``what`` cannot be done on a microcontroller, and what to do instead."""
        return (
            f"{what}: {self.name} has no Linux that an agent could run on; build a bundle for it, flash its serve.cc, "
            "and measure that: edgecompress bench BUNDLE --device serial:PORT (edgecompress docs microcontrollers)"
        )

    @property
    def sparse_kernels(self) -> bool:
        """Return whether LiteRT on the board multiplies with the nonzeros only: it can on processors without AVX.

        Not where a board has an accelerator to run on instead.
        """
        return self.arch in ("aarch64", "armv7l") and "litert" in self.runtimes and self.accelerator is None


def load(name: str) -> Target:
    """The profile called ``name``, or the one in the TOML file at that path.

    Raises:
        InputError: there is no such profile (the line lists those there are), or the file is not a valid one.
    """
    path = shipped.path_of("targets", name)
    return Target.from_table({"name": path.stem, **shipped.read_toml(path)}, str(path))


def names() -> list[str]:
    """The names of the profiles that ship."""
    return shipped.names("targets")


def family(name: str) -> list[str]:
    """The profiles that ship and are called ``name``, or begin like that: jetson is jetson-nano and jetson-orin."""
    return [each for each in names() if name and each.startswith(name)]
