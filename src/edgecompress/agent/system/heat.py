"""Temperature, and what slows a board down: heat, a weak power supply, a power mode."""

from __future__ import annotations

import re
from pathlib import Path

from .files import entries, number, output, text

# vcgencmd get_throttled, https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_BITS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_BOOT = 16
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"


def temperatures(root: Path) -> dict[str, float] | None:
    """Degrees Celsius by the name of the thermal zone; ``None`` where the kernel shows none."""
    folder = root / "sys/class/thermal"
    found = {}
    for zone in (name for name in entries(folder) if name.startswith("thermal_zone")):
        millidegrees = number(folder / zone / "temp")
        if millidegrees is not None:
            name = text(folder / zone / "type") or zone
            found[name if name not in found else f"{name} ({zone})"] = millidegrees / 1000
    return found or None


def throttling(root: Path) -> dict[str, list[str]] | None:
    """The causes that slow the processor down ``now`` and did ``since_boot``; ``None`` where nothing tells.

    On a Raspberry Pi the firmware's bits; elsewhere the kernel's cooling devices of the processor, which tell of now.
    """
    printed = text(root / _FIRMWARE) or output(root, "vcgencmd", "get_throttled")
    bits = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]+)", (printed or "").strip())
    if bits:
        value = int(bits.group(1), 16)
        return {
            "now": [name for bit, name in _BITS.items() if value >> bit & 1],
            "since_boot": [name for bit, name in _BITS.items() if value >> bit + _SINCE_BOOT & 1],
        }
    folder = root / "sys/class/thermal"
    states = {}
    for device in (name for name in entries(folder) if name.startswith("cooling_device")):
        kind, state = text(folder / device / "type") or "", number(folder / device / "cur_state")
        if state is not None and re.search(r"cpu", kind, re.IGNORECASE):
            states[f"{kind} ({device})"] = state
    if not states:
        return None
    return {"now": [f"cooling by {name}" for name, state in states.items() if state > 0], "since_boot": []}


def power_mode(root: Path) -> str | None:
    """The power mode of a Jetson (``nvpmodel -q``), as it names it; ``None`` on other boards."""
    printed = re.search(r"NV Power Mode:\s*(.+)", output(root, "nvpmodel", "-q") or "")
    return printed.group(1).strip() if printed else None
