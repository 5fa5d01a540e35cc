"""Boards that keep everything in a given folder: this machine through a real sshd and through a real adb client."""

import sys
import time
from pathlib import Path

import pytest

from edgecompress.deploy.transports.adb import adb
from edgecompress.deploy.transports.ssh import ssh


@pytest.fixture(params=["ssh", "adb"])
def open_board(request):
    """Opens a connection to a board, by one carrier after the other: ``with open_board(folder) as connection``."""
    if request.param == "ssh":
        address = request.getfixturevalue("sshd").address
        return lambda folder, **options: ssh(address, folder=str(folder), **{"python": sys.executable, **options})
    serial = request.getfixturevalue("adb_devices").start()
    return lambda folder, **options: adb(serial, folder=str(folder), **{"python": sys.executable, **options})


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:  # also one that ends while it is asked
        return False
    return state != "Z"


@pytest.fixture(name="is_running")
def is_running_fixture():
    return is_running


@pytest.fixture
def gone():
    """Whether all of some processes ended in time. The devices of these tests share this machine's process numbers."""

    def wait(processes, seconds=20):
        end = time.monotonic() + seconds
        while any(map(is_running, processes)) and time.monotonic() < end:
            time.sleep(0.02)
        return not any(map(is_running, processes))

    return wait
