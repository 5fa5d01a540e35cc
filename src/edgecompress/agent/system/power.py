"""The power that the machine draws, by INA chips, RAPL's counters, or a battery that is being emptied."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .files import entries, number, output, text

Read = Callable[[], "float | None"]

_INA = re.compile(r"ina(2\d\d|3221)")
# Rails that feed all others of a Jetson's module, by the names that its device tree gives them.
_WHOLE = ("VDD_IN", "POM_5V_IN")
_UNUSED = "NC"
_HOUR = 3600


@dataclass(frozen=True)
class Sensor:
    """One source of readings. It is of the whole board, or of the part of it that its rails name."""

    name: str
    rails: dict[str, Read]  # each reads watts now, or joules since some moment where the sensor counts
    counts: bool
    spans: dict[str, float]  # joules at which a counting rail starts again from 0


def sensor(root: Path) -> tuple[Sensor | None, str]:
    """The best sensor there is, or why there is none."""
    reasons = []
    for find in (_hwmon, _iio, _rapl, _battery, _android):
        found = find(root)
        if isinstance(found, Sensor):
            return found, ""
        if found:
            reasons.append(found)
    return None, "; ".join(reasons) or "no power sensor is visible"


def joules(sensor: Sensor, before: dict[str, float], after: dict[str, float]) -> float:
    """The energy that a counting sensor counted between two readings; each counter wrapped once at most."""
    total = 0.0
    for rail, start in before.items():
        grown = after[rail] - start
        total += grown + sensor.spans[rail] if grown < 0 and rail in sensor.spans else grown
    return total


def readings(sensor: Sensor) -> dict[str, float] | None:
    """One reading of every rail; ``None`` where one cannot be read now."""
    values = {rail: read() for rail, read in sensor.rails.items()}
    known = {rail: value for rail, value in values.items() if value is not None}
    return known if len(known) == len(values) else None


def _chosen(name: str, rails: dict[str, Read]) -> Sensor | str:
    """A sensor of the rail that feeds all others, or else of all there are, without those that cannot be read."""
    rails = {label: read for label, read in rails.items() if read() is not None}
    whole = [label for label in _WHOLE if label in rails]
    chosen = {label: rails[label] for label in whole[:1] or rails}
    return Sensor(name, chosen, counts=False, spans={}) if chosen else f"{name} cannot be read"


def _product(scale: float, *paths: Path) -> Read:
    """The product of the numbers in some files."""

    def read() -> float | None:
        product = scale
        for path in paths:
            value = number(path)
            if value is None:
                return None
            product *= value
        return product

    return read


def _hwmon(root: Path) -> Sensor | str:
    """INA chips with a driver of hwmon: Documentation/hwmon/ina2xx.rst and ina3221.rst of Linux.

    powerN_input is in uW, inN_input in mV (of the bus; in0 and in4 to in6 are of the shunt), currN_input in mA.
    """
    folder = root / "sys/class/hwmon"
    rails: dict[str, Read] = {}
    chips = []
    for chip in (folder / name for name in entries(folder)):
        name = text(chip / "name") or ""
        if not _INA.fullmatch(name):
            continue
        chips.append(name)
        for channel in (1, 2, 3) if name == "ina3221" else (1,):
            label = text(chip / f"in{channel}_label") or text(chip / "label") or f"{name} {channel} ({chip.name})"
            if label == _UNUSED or number(chip / f"in{channel}_enable") == 0:
                continue
            watts = _product(1e-6, chip / f"power{channel}_input")
            if watts() is None:
                watts = _product(1e-6, chip / f"in{channel}_input", chip / f"curr{channel}_input")
            rails[label if label not in rails else f"{label} ({chip.name})"] = watts
    return _chosen(", ".join(dict.fromkeys(chips)), rails) if chips else ""


def _iio(root: Path) -> Sensor | str:
    """The INA3221 of a Jetson with JetPack 4: NVIDIA's driver for iio, in mW."""
    folder = root / "sys/bus/i2c/drivers/ina3221x"
    rails: dict[str, Read] = {}
    for chip in (folder / name for name in entries(folder)):
        for device in (chip / name for name in entries(chip) if name.startswith("iio:device")):
            for channel in range(3):
                label = text(device / f"rail_name_{channel}")
                if label and label != _UNUSED:
                    rails[label] = _product(1e-3, device / f"in_power{channel}_input")
    return _chosen("ina3221x", rails) if rails else ""


def _rapl(root: Path) -> Sensor | str:
    """The counters of an x86 processor: Documentation/power/powercap/powercap.rst of Linux, in uJ."""
    folder = root / "sys/class/powercap"
    rails: dict[str, Read] = {}
    spans = {}
    for zone in (folder / name for name in entries(folder) if re.fullmatch(r"intel-rapl:\d+", name)):
        name = text(zone / "name") or ""
        if name.startswith("package"):
            rails[name] = _product(1e-6, zone / "energy_uj")
            spans[name] = (number(zone / "max_energy_range_uj") or 0) / 1e6
    if not rails:
        return ""
    if any(read() is None for read in rails.values()):
        return "RAPL's counters are there, and only root may read them"
    return Sensor("RAPL", rails, counts=True, spans={rail: span for rail, span in spans.items() if span})


def _battery(root: Path) -> Sensor | str:
    """A battery's gauge: Documentation/ABI/testing/sysfs-class-power of Linux, in uW, uA and uV."""
    folder = root / "sys/class/power_supply"
    for supply in (folder / name for name in entries(folder)):
        # A mouse has a battery too; its scope is Device.
        if text(supply / "type") != "Battery" or text(supply / "scope") == "Device":
            continue
        if text(supply / "status") != "Discharging":
            return f"{supply.name} is not being emptied, so it does not tell what is drawn: unplug the charger"
        watts = _product(1e-6, supply / "power_now")
        if watts() is None:
            watts = _product(1e-12, supply / "current_now", supply / "voltage_now")

        def magnitude(read: Read = watts) -> float | None:  # the current has a sign in some drivers
            value = read()
            return None if value is None else abs(value)

        if magnitude() is not None:
            return Sensor("battery", {supply.name: magnitude}, counts=False, spans={})
    return ""


def _android(root: Path) -> Sensor | str:
    """A sensor of Android's battery service: uAh that are left, which a phone counts in large steps."""
    printed = output(root, "dumpsys", "battery")
    left, volts = _count(printed), re.search(r"^\s*voltage: (\d+)$", printed or "", re.MULTILINE)
    if printed is None or left is None or not volts:
        return ""
    if re.search(r"powered: true$", printed, re.MULTILINE):
        return "the phone is being charged, so its battery does not tell what is drawn: unplug it (adb over Wi-Fi)"
    scale = 1e-9 * _HOUR * int(volts[1])  # from uAh at this voltage, which is in mV

    def drawn() -> float | None:
        now = _count(output(root, "dumpsys", "battery"))
        return None if now is None else -scale * now

    return Sensor("dumpsys battery", {"battery": drawn}, counts=True, spans={})


def _count(printed: str | None) -> int | None:
    found = re.search(r"^\s*Charge counter: (\d+)$", printed or "", re.MULTILINE)
    return int(found[1]) if found else None
