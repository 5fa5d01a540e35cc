"""Trees as a Raspberry Pi 4 and a Jetson show them."""

import pytest

from edgecompress.agent.system.heat import power_mode, temperatures, throttling

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.fixture
def tree(tmp_path):
    def write(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            if "bin/" in name:
                path.chmod(0o755)
        return tmp_path

    return write


def test_temperatures_by_zone(tree):
    zones = {
        "0": ("cpu-thermal", "61835"),
        "1": ("gpu-thermal", "-500"),
        "2": ("cpu-thermal", "60000"),
        "3": ("broken", ""),
    }
    files = {
        f"sys/class/thermal/thermal_zone{n}/{key}": value
        for n, (kind, temp) in zones.items()
        for key, value in (("type", kind + "\n"), ("temp", temp + "\n"))
    }
    expected = {"cpu-thermal": 61.835, "gpu-thermal": -0.5, "cpu-thermal (thermal_zone2)": 60.0}
    assert temperatures(tree(files)) == expected


@pytest.mark.parametrize(
    ("bits", "now", "since"),
    [
        ("0", [], []),
        ("50005", ["under-voltage", "throttled"], ["under-voltage", "throttled"]),
        ("e0008", ["soft temperature limit"], ["frequency capped", "throttled", "soft temperature limit"]),
    ],
)
def test_the_bits_of_a_pi(tree, bits, now, since):
    assert throttling(tree({FIRMWARE: bits + "\n"})) == {"now": now, "since_boot": since}


def test_the_bits_of_a_pi_from_its_program(tree):
    root = tree({"usr/bin/vcgencmd": "#!/bin/sh\n[ $1 = get_throttled ] && echo throttled=0x50000\n"})
    assert throttling(root) == {"now": [], "since_boot": ["under-voltage", "throttled"]}


def test_cooling_of_the_processor_elsewhere(tree):
    devices = {0: ("cpufreq-cpu0", "2"), 1: ("pwm-fan", "3"), 2: ("cpufreq-cpu4", "0")}
    files = {
        f"sys/class/thermal/cooling_device{n}/{key}": value
        for n, (kind, state) in devices.items()
        for key, value in (("type", kind), ("cur_state", state))
    }
    assert throttling(tree(files)) == {"now": ["cooling by cpufreq-cpu0 (cooling_device0)"], "since_boot": []}


def test_the_power_mode_of_a_jetson(tree):
    root = tree({"usr/sbin/nvpmodel": "#!/bin/sh\nprintf 'NV Fan Mode:quiet\\nNV Power Mode: MODE_15W\\n0\\n'\n"})
    assert power_mode(root) == "MODE_15W"


def test_what_nothing_tells_is_none(tree):
    root = tree(
        {
            "usr/bin/vcgencmd": "#!/bin/sh\necho VCHI initialization failed; exit 1\n",
            "usr/sbin/nvpmodel": "not a program",
        }
    )
    assert (temperatures(root), throttling(root), power_mode(root)) == (None, None, None)
