"""Detect an emulated machine: the speed of one says nothing about any board."""

from __future__ import annotations

import re
from pathlib import Path

from .files import entries, text

_ARM = ("aarch64", "arm64", "armv7l", "armv6l")
# Clocks that only a hypervisor with hardware support for virtual machines offers.
_HYPERVISOR_CLOCKS = ("kvm-clock", "xen", "hyperv_clocksource_tsc_page", "hyperv_clocksource_msr")
# An Arm kernel makes BogoMIPS of the rate of the processor's counter. A virtual machine that runs on the processor
# itself has that processor's; QEMU's translator counts in steps of 16 ns unless it emulates an Armv8.6 processor.
_TRANSLATOR_COUNTER = re.compile(r"^BogoMIPS\s*: 125\.00$", re.MULTILINE)


def emulation(root: Path, machine: str) -> dict[str, object]:
    """``{"emulated": true, false or null, "why": ...}`` for a ``machine`` as ``uname -m`` names it; null is unknown.

    A virtual machine is not an emulated one: its processor runs the instructions itself. Where the signs of a virtual
    machine do not tell the two apart, the answer is null.
    """
    emulated, why = _judge(root, machine)
    return {"emulated": emulated, "why": why}


def _judge(root: Path, machine: str) -> tuple[bool | None, str]:
    cpuinfo = text(root / "proc/cpuinfo")
    if cpuinfo is None:
        return None, "there is no /proc/cpuinfo"
    if machine in _ARM and "vendor_id" in cpuinfo:
        return True, "an ARM program sees the /proc/cpuinfo of an x86 machine: user-mode emulation"
    if "TCG" in cpuinfo:
        return True, "the processor calls itself TCG, QEMU's translator"
    clock = text(root / "sys/devices/system/clocksource/clocksource0/current_clocksource")
    available = text(root / "sys/devices/system/clocksource/clocksource0/available_clocksource") or clock or ""
    if any(name in available.split() for name in _HYPERVISOR_CLOCKS):
        return False, "a virtual machine that runs on the processor itself (hypervisor clock)"
    signs = [
        sign
        for sign, seen in (
            ("the processor reports a hypervisor", " hypervisor" in cpuinfo),
            ("the processor is a QEMU model", "QEMU" in cpuinfo),
            ("the firmware is QEMU's", "QEMU" in (text(root / "sys/class/dmi/id/sys_vendor") or "")),
            ("the board is linux,dummy-virt", "dummy-virt" in (text(root / "proc/device-tree/compatible") or "")),
            ("it has virtio devices", bool(entries(root / "sys/bus/virtio/devices"))),
        )
        if seen
    ]
    if not signs:
        return False, "no sign of a virtual machine"
    emulated: bool | None = None
    why = "whether the virtual machine is emulated is unknown"
    if machine in _ARM and _TRANSLATOR_COUNTER.search(cpuinfo):
        emulated, why = True, "the processor's counter has the rate that QEMU's translator gives it"
    return emulated, f"{', '.join(signs)}; {why}"
