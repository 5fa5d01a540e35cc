import importlib

import pytest

emulation = importlib.import_module("edgecompress.agent.system.emulation").emulation

X86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: {}\nflags\t\t: fpu sse2{}\n"
ARM = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n"
COUNTER = "BogoMIPS\t: {}\n"  # of a counter of 62.5 MHz: 125.00
KVM = "tsc kvm-clock"
CLOCKS = "sys/devices/system/clocksource/clocksource0/available_clocksource"


@pytest.mark.parametrize(
    ("machine", "files", "emulated", "why"),
    [
        ("aarch64", {"proc/cpuinfo": X86.format("Xeon", "")}, True, "user-mode"),
        ("armv7l", {"proc/cpuinfo": X86.format("Xeon", "")}, True, "user-mode"),
        ("x86_64", {"proc/cpuinfo": X86.format("QEMU TCG CPU version 2.5+", " hypervisor")}, True, "TCG"),
        ("x86_64", {"proc/cpuinfo": X86.format("Xeon", "")}, False, "no sign"),
        ("aarch64", {"proc/cpuinfo": ARM, CLOCKS: "arch_sys_counter"}, False, "no sign"),
        (
            "x86_64",
            {"proc/cpuinfo": X86.format("Xeon", " hypervisor"), CLOCKS: KVM},
            False,
            "hypervisor clock",
        ),
        ("x86_64", {"proc/cpuinfo": X86.format("Xeon", " hypervisor"), CLOCKS: "tsc"}, None, "reports a hypervisor"),
        ("x86_64", {"proc/cpuinfo": X86.format("QEMU Virtual CPU", "")}, None, "QEMU model"),
        ("aarch64", {"proc/cpuinfo": ARM, "proc/device-tree/compatible": "linux,dummy-virt"}, None, "dummy-virt"),
        ("aarch64", {"proc/cpuinfo": ARM, "sys/bus/virtio/devices/virtio0": ""}, None, "virtio"),
        # An emulated Cortex-A72, a virtual machine on a Raspberry Pi 4, and a board with a counter as the first one's.
        (
            "aarch64",
            {"proc/cpuinfo": ARM + COUNTER.format("125.00"), "sys/bus/virtio/devices/virtio0": ""},
            True,
            "virtio devices; the processor's counter",
        ),
        (
            "aarch64",
            {"proc/cpuinfo": ARM + COUNTER.format("108.00"), "sys/bus/virtio/devices/virtio0": ""},
            None,
            "virtio",
        ),
        ("aarch64", {"proc/cpuinfo": ARM + COUNTER.format("125.00")}, False, "no sign"),
        ("x86_64", {"proc/cpuinfo": X86.format("EPYC", ""), "sys/class/dmi/id/sys_vendor": "QEMU"}, None, "firmware"),
        ("x86_64", {}, None, "no /proc/cpuinfo"),
    ],
)
def test_emulated_not_emulated_or_unknown(tmp_path, machine, files, emulated, why):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    found = emulation(tmp_path, machine)
    assert found["emulated"] is emulated
    assert why in found["why"]
