import hashlib
import os
import platform
import sys

import numpy as np
import pytest

from edgecompress.deploy.agent_zip import agent_zip


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
    assert event["power"] == {"sensor": None, "rails": [], "why": "no power sensor is visible"}


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_this_machine_is_read(agent):
    event = agent("conditions", {})[1][-1]
    assert event["system"] == "Linux"
    assert event["machine"] == platform.machine()
    assert event["affinity"] == sorted(os.sched_getaffinity(0))
    assert event["memory"]["total"] == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert event["versions"]["numpy"] == np.__version__


def test_all_clocks_tell_the_same_time(agent):
    first, second = (agent("conditions", {})[1][-1]["clock"] for _ in range(2))
    passed = {name: second[name] - first[name] for name in first}
    assert passed["monotonic"] > 0
    for seconds in passed.values():
        assert seconds == pytest.approx(passed["monotonic"], abs=0.5)


def test_an_agent_that_is_a_zip_file_tells_its_checksum(agent, tmp_path):
    content = agent_zip()
    (tmp_path / "agent.pyz").write_bytes(content)
    event = agent("conditions", {}, (sys.executable, str(tmp_path / "agent.pyz")))[1][-1]
    assert event["agent"] == hashlib.sha256(content).hexdigest()
    assert agent("conditions", {})[1][-1]["agent"] is None


def test_an_onnxruntime_with_cuda_is_one_under_another_name(agent, tmp_path):
    (tmp_path / "agent.pyz").write_bytes(agent_zip())
    metadata = tmp_path / "there" / "onnxruntime_gpu-1.23.0.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.23.0\n")
    # Without the packages of this environment, and with those of that folder.
    command = (sys.executable, "-S", str(tmp_path / "agent.pyz"))
    event = agent("conditions", {}, command, {"PYTHONPATH": str(tmp_path / "there")})[1][-1]
    assert event["versions"] == {
        "onnxruntime": "1.23.0", "ai-edge-litert": None, "tflite-runtime": None, "numpy": None, "psutil": None,
    }  # fmt: skip
