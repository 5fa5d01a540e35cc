"""Devices to hold the transports' contract against: this machine, and this machine through a real sshd and adb.

A transport joins the contract with an entry in ``DEVICES`` and a fixture of that name, whose value opens connections.
"""

import sys

import pytest

from edgecompress.deploy.transports.adb import adb
from edgecompress.deploy.transports.local import local
from edgecompress.deploy.transports.ssh import ssh

DEVICES = ["local_device", "ssh_device", "adb_device"]


@pytest.fixture(params=DEVICES)
def open_device(request):
    """Opens a connection to a device, one kind after the other: ``with open_device() as connection``."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def connection(open_device):
    with open_device() as opened:
        yield opened


@pytest.fixture
def local_device():
    return local


@pytest.fixture
def ssh_device(sshd):
    return lambda **options: ssh(sshd.address, python=sys.executable, folder=str(sshd.root), **options)


@pytest.fixture(scope="session")
def adb_serial(adb_devices_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("root with space")
    return adb_devices_once.start(TMPDIR=str(folder))


@pytest.fixture
def adb_device(adb_serial):
    return lambda **options: adb(adb_serial, python=sys.executable, **options)
