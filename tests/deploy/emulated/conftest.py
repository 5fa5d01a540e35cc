"""What emulating takes: skipped, with the reason, where that is not installed."""

import platform

import pytest

from edgecompress.deploy.emulated import emulator
from edgecompress.errors import InputError


def _missing(machine):
    try:
        emulator.program(machine)
    except InputError as error:
        return str(error)
    return emulator.cannot_count(machine)


@pytest.fixture(scope="session")
def x86_counts():
    """Skips where x86-64 programs cannot be emulated, or not counted."""
    why = "no x86-64 machine" if platform.machine() != "x86_64" else _missing("x86_64")
    if why:
        pytest.skip(why)


@pytest.fixture(scope="session")
def arm_counts():
    """Skips where arm64 programs cannot be emulated, or not counted."""
    why = _missing("aarch64")
    if why:
        pytest.skip(why)
