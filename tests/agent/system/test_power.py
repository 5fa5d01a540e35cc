"""Trees as the kernel's documentation describes them: hwmon, iio, powercap and power_supply; and Android's service."""

import time
from pathlib import Path

import pytest

from edgecompress.agent.system.power import joules, readings, sensor

JETSON = {  # Documentation/hwmon/ina3221.rst; rails and labels as on an Orin Nano
    "name": "ina3221",
    "in1_label": "VDD_IN",
    "in1_input": "5000",
    "curr1_input": "912",
    "in2_label": "VDD_CPU_GPU_CV",
    "in2_input": "4992",
    "curr2_input": "120",
    "in3_label": "VDD_SOC",
    "in3_input": "4992",
    "curr3_input": "280",
    "in4_input": "4",  # shunts
    "in1_enable": "1",
    "in2_enable": "1",
    "in3_enable": "1",
}


@pytest.fixture
def tree(tmp_path):
    def write(folder, files):
        for name, content in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")
            path.chmod(0o755 if "bin" in folder else 0o644)
        return tmp_path

    return write


def watts(root):
    found, why = sensor(root)
    assert why == ""
    return found.name, {rail: pytest.approx(value) for rail, value in readings(found).items()}, found.counts


def test_a_jetsons_input_rail_is_all_that_its_module_draws(tree):
    root = tree("sys/class/hwmon/hwmon2", JETSON)
    tree("sys/class/hwmon/hwmon0", {"name": "cpu_thermal", "temp1_input": "50000"})
    assert watts(root) == ("ina3221", {"VDD_IN": 4.56}, False)


def test_rails_side_by_side_are_added_and_those_not_connected_or_off_are_left(tree):
    tree("sys/class/hwmon/hwmon1", {**JETSON, "in1_label": "VDD_GPU_SOC", "in2_label": "VDD_CPU_CV", "in3_enable": "0"})
    root = tree(
        "sys/class/hwmon/hwmon2",
        {"name": "ina3221", "in1_label": "NC", "in2_label": "VDDQ", "in2_input": "1100", "curr2_input": "500"},
    )
    rails = {"VDD_GPU_SOC": 4.56, "VDD_CPU_CV": 4.992 * 0.12, "VDDQ": 0.55}
    assert watts(root)[1] == {name: pytest.approx(value) for name, value in rails.items()}


def test_a_chip_that_knows_its_power_is_read_directly(tree):
    # Documentation/hwmon/ina2xx.rst: in0 is the shunt, in1 the bus, and power1 is in microwatts.
    files = {
        "name": "ina219",
        "in0_input": "10",
        "in1_input": "5100",
        "curr1_input": "100",
        "power1_input": "2040000",
    }
    assert watts(tree("sys/class/hwmon/hwmon5", files))[1] == {"ina219 1 (hwmon5)": 2.04}


def test_a_jetson_nano_of_jetpack_4(tree):
    folder = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    files = {"rail_name_0": "POM_5V_IN", "in_power0_input": "2310", "rail_name_1": "POM_5V_GPU"}
    assert watts(tree(folder, {**files, "in_power1_input": "40"})) == ("ina3221x", {"POM_5V_IN": 2.31}, False)


def test_rapl_counts_and_starts_again(tree, tmp_path):
    zones = {
        "intel-rapl:0": {"name": "package-0", "energy_uj": "999000000", "max_energy_range_uj": "1000000000"},
        "intel-rapl:1": {"name": "package-1", "energy_uj": "5000000", "max_energy_range_uj": "1000000000"},
        "intel-rapl:0:0": {"name": "core", "energy_uj": "1", "max_energy_range_uj": "1000000000"},
        "intel-rapl:2": {"name": "psys", "energy_uj": "7", "max_energy_range_uj": "1000000000"},
    }
    for zone, files in zones.items():
        tree(f"sys/class/powercap/{zone}", files)
    found, _ = sensor(tmp_path)
    before = readings(found)
    tree("sys/class/powercap/intel-rapl:0", {"energy_uj": "3000000"})
    tree("sys/class/powercap/intel-rapl:1", {"energy_uj": "6500000"})
    assert (found.name, found.counts, list(found.rails)) == ("RAPL", True, ["package-0", "package-1"])
    assert joules(found, before, readings(found)) == pytest.approx(4 + 1.5)


def test_a_battery_tells_only_while_it_is_emptied(tree):
    files = {"type": "Battery", "status": "Discharging", "current_now": "-450000", "voltage_now": "3850000"}
    root = tree("sys/class/power_supply/battery", files)
    tree("sys/class/power_supply/mouse", {"type": "Battery", "scope": "Device", "status": "Discharging"})
    tree("sys/class/power_supply/ac", {"type": "Mains", "online": "0"})
    assert watts(root) == ("battery", {"battery": 0.45 * 3.85}, False)
    tree("sys/class/power_supply/battery", {"status": "Charging"})
    found, why = sensor(root)
    assert found is None
    assert "unplug the charger" in why


def dumpsys(left, powered="false"):
    lines = ["Current Battery Service state:", f"  AC powered: {powered}", "  USB powered: false", "  level: 80"]
    lines += ["  voltage: 4000", "  temperature: 291", f"  Charge counter: {left}"]
    return "#!/bin/sh\n[ $1 = battery ] && cat <<END\n" + "\n".join(lines) + "\nEND"


def test_androids_service_counts_what_is_left(tree):
    root = tree("system/bin", {"dumpsys": dumpsys(2_900_000)})
    found, _ = sensor(root)
    before = readings(found)
    tree("system/bin", {"dumpsys": dumpsys(2_899_000)})
    # 1 mAh at 4 V is 14.4 J
    assert (found.counts, joules(found, before, readings(found))) == (True, pytest.approx(14.4))
    tree("system/bin", {"dumpsys": dumpsys(2_899_000, "true")})
    assert "Wi-Fi" in sensor(root)[1]


def test_what_is_there_and_cannot_be_read_is_told(tree, tmp_path):
    assert sensor(tmp_path) == (None, "no power sensor is visible")
    tree("sys/class/powercap/intel-rapl:0", {"name": "package-0"})
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").mkdir()
    tree("sys/class/hwmon/hwmon0", {"name": "ina219", "in1_input": "5000"})
    assert sensor(tmp_path)[1] == "ina219 cannot be read; RAPL's counters are there, and only root may read them"


@pytest.mark.skipif(sensor(Path("/"))[0] is None, reason="this machine shows no power sensor")
def test_this_machines_sensor_tells_a_power_that_such_a_machine_has():
    found, _ = sensor(Path("/"))
    before, start = readings(found), time.monotonic()
    time.sleep(1)
    after, seconds = readings(found), time.monotonic() - start
    power = joules(found, before, after) / seconds if found.counts else sum(after.values())
    assert 0.05 < power < 2000
