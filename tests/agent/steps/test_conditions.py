import os
import platform

import numpy as np
import pytest


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


PI = {
    "proc/cpuinfo": "".join(
        f"processor\t: {i}\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd08\n\n"
        for i in range(4)
    ),
    "proc/device-tree/model": b"Raspberry Pi 4 Model B Rev 1.2\0",
    "proc/device-tree/compatible": b"raspberrypi,4-model-b\0brcm,bcm2711\0",
    "proc/meminfo": (
        "MemTotal:        1893304 kB\nMemFree:          912 kB\nMemAvailable:    1500000 kB\n"
        "SwapTotal:        102396 kB\nSwapFree:          90108 kB\nHugePages_Total:       0\n"
    ),
    "proc/loadavg": "0.15 0.20 0.25 1/190 2020\n",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "ondemand\n",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "1500000\n",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq": "600000\n",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq": "1800000\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "arch_sys_counter\n",
}


def test_a_raspberry_pi_is_read(agent, tmp_path):
    root = write(tmp_path / "pi", PI)
    code, events, _ = agent("conditions", {"root": str(root), "machine": "aarch64"})
    assert code == 0
    event = events[-1]
    assert event["board"] == "Raspberry Pi 4 Model B Rev 1.2"
    assert event["cpu"] == "implementer 0x41, part 0xd08"
    assert event["machine"] == "aarch64"
    assert event["memory"] == {
        "total": 1893304 * 1024,
        "available": 1500000 * 1024,
        "swap_total": 102396 * 1024,
        "swap_used": 12288 * 1024,
    }
    assert event["load"] == [0.15, 0.2, 0.25]
    assert event["frequency"] == {
        "governors": ["ondemand"],
        "current_khz": [1500000],
        "minimum_khz": [600000],
        "maximum_khz": [1800000],
    }
    assert event["emulation"]["emulated"] is False


def test_what_the_system_does_not_tell_is_null(agent, tmp_path):
    (tmp_path / "bare").mkdir()
    code, events, _ = agent("conditions", {"root": "bare"})
    assert code == 0
    event = events[-1]
    assert [event[key] for key in ("board", "cpu", "frequency", "load")] == [None] * 4
    assert set(event["memory"].values()) == {None}
    assert event["emulation"]["emulated"] is None


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_this_machine_is_read(agent):
    event = agent("conditions", {})[1][-1]
    assert event["system"] == "Linux"
    assert event["machine"] == platform.machine()
    assert event["affinity"] == sorted(os.sched_getaffinity(0))
    assert event["memory"]["total"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert event["versions"]["numpy"] == np.__version__
