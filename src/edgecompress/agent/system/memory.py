"""The memory of this process, in bytes."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path
from typing import Any

_PROC = Path("/proc/self")
_RESET_PEAK = "5"  # Documentation/filesystems/proc.rst of Linux: writing 5 to clear_refs resets VmHWM


def resident() -> dict[str, int | None]:
    """The memory of this process now, in bytes.

    ``rss`` resident set; ``pss`` proportional set, where shared pages count in parts; ``uss`` pages that no other
    process has; ``private_dirty`` those of them that were written and so cannot be dropped; ``peak`` the highest rss
    (VmHWM). A number that the system does not tell is ``None``.
    """
    rollup, status = _fields(_PROC / "smaps_rollup"), _fields(_PROC / "status")
    if not rollup or not status:
        return _by_psutil()
    return {
        "rss": rollup["Rss"],
        "pss": rollup["Pss"],
        "uss": rollup["Private_Clean"] + rollup["Private_Dirty"],
        "private_dirty": rollup["Private_Dirty"],
        "peak": status.get("VmHWM"),
    }


def release() -> bool:
    """Give what is free inside the C library's allocator back to the system; ``False`` where it has no call for that.

    A runtime frees much when it has loaded a model, and glibc keeps it: resident, and of no use to anyone.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return False
    trim(0)
    return True


def reset_peak() -> bool:
    """Let the peak start again from now. ``False`` where the system does not allow it."""
    try:
        (_PROC / "clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _fields(path: Path) -> dict[str, int]:
    """The lines ``Name:  123 kB`` of a file below /proc, in bytes; none where it cannot be read."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    parts = (line.split() for line in lines)
    return {part[0].rstrip(":"): int(part[1]) * 1024 for part in parts if len(part) == 3 and part[2] == "kB"}


def _by_psutil() -> dict[str, int | None]:
    """The same where there is no /proc, or an old one. Not all systems tell all of them."""
    psutil: Any = importlib.import_module("psutil")

    process = psutil.Process()
    try:
        info = process.memory_full_info()
    except psutil.AccessDenied:
        info = process.memory_info()
    return {
        "rss": info.rss,
        "pss": getattr(info, "pss", None),
        "uss": getattr(info, "uss", None),
        "private_dirty": None,
        "peak": getattr(info, "peak_wset", None),
    }
