"""The emulated processors: what qemu calls them, and what a kernel on them would say in ``/proc`` and ``/sys``.

Runtimes choose kernels by the processor's name as well as by its features, so it must not be this machine's that they
read. onnxruntime 1.28 and later die at their import if an Arm program reads the ``/proc/cpuinfo`` of an x86 machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgecompress import methods
from edgecompress.errors import InputError

_V8_0 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
_V8_2 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
_CPUS = Path("sys/devices/system/cpu")


@dataclass(frozen=True)
class Processor:
    """A processor that qemu emulates."""

    name: str  # as a device's address has it
    title: str  # with its maker, as its data sheet has it
    machine: str  # as uname -m names it
    model: str  # as qemu's -cpu has it
    part: str = ""  # Arm: of its main ID register
    release: tuple[int, int] = (0, 0)  # Arm: variant and revision, the "r4p1" of the data sheet
    features: str = ""  # Arm: as the kernel names them

    def cpuinfo(self, count: int, host: str) -> str:
        """``/proc/cpuinfo`` of a machine with ``count`` of these. ``host``: this machine's, where it is an x86 one."""
        title = f"{self.title}, emulated by QEMU's TCG"
        if self.machine == "x86_64":
            named = re.sub(r"(?m)^(model name\s*:).*$", rf"\1 {title}", host)
            return re.sub(r"(?m)\s(avx|fma|f16c|bmi)\w*", "", named)
        lines = [
            f"model name\t: {title}",
            "BogoMIPS\t: 100.00",
            f"Features\t: {self.features}",
            "CPU implementer\t: 0x41",
            "CPU architecture: 8",
            f"CPU variant\t: 0x{self.release[0]:x}",
            f"CPU part\t: {self.part}",
            f"CPU revision\t: {self.release[1]}",
        ]
        return "".join("\n".join([f"processor\t: {number}", *lines, "", ""]) for number in range(count))

    def write_system(self, folder: Path, count: int, host: str) -> None:
        """Write the files of ``/proc`` and ``/sys`` that runtimes ask for the processor's kind, below ``folder``."""
        files = {Path("proc/cpuinfo"): self.cpuinfo(count, host)}
        for name in ("possible", "present", "online"):
            files[_CPUS / name] = f"0-{count - 1}\n" if count > 1 else "0\n"
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content, encoding="ascii")


PROCESSORS: Mapping[str, Processor] = {
    each.name: each
    for each in (
        Processor("cortex-a53", "Arm Cortex-A53", "aarch64", "cortex-a53", "0xd03", (0, 4), _V8_0),
        Processor("cortex-a57", "Arm Cortex-A57", "aarch64", "cortex-a57", "0xd07", (1, 0), _V8_0),
        Processor("cortex-a72", "Arm Cortex-A72", "aarch64", "cortex-a72", "0xd08", (0, 3), _V8_0),
        Processor("cortex-a76", "Arm Cortex-A76", "aarch64", "cortex-a76", "0xd0b", (4, 1), _V8_2),
        Processor("neoverse-n1", "Arm Neoverse-N1", "aarch64", "neoverse-n1", "0xd0c", (4, 1), _V8_2),
        Processor("x86-no-avx", "Intel Core i7 9xx (Nehalem)", "x86_64", "Nehalem"),
    )
}
"""By name. Others that qemu has are left out: with SME (``max``), qemu 7.2 computes int8 wrong."""


def find(name: str) -> Processor:
    """The processor of that name.

    Raises:
        InputError: there is none; the line lists those there are.
    """
    if name not in PROCESSORS:
        raise InputError(methods.unknown("emulated processor", name, list(PROCESSORS)))
    return PROCESSORS[name]
