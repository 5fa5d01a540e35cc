"""Devices to hold the transports' contract against: this machine, and this machine through a real sshd and adb.

A transport joins the contract with an entry in ``DEVICES`` and a fixture of that name, whose value opens connections.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

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


class Sshd:
    """Debian's sshd on a port of loopback, with keys, configuration and known hosts of its own.

    A program named ssh that comes first in PATH gives the real one a configuration file: ssh looks for the user's in the
    home folder of the password database, which no environment variable moves.
    """

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root with space"
        self.program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        self.port = free_port()
        for name in ("host", "other_host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.know("host")
        self.configure()
        (folder / "bin").mkdir()
        real = shutil.which("ssh")
        shim = folder / "bin" / "ssh"
        shim.write_text(f'#!/bin/sh\n[ "$1" = -F ] && exec {real} "$@"\nexec {real} -F \'{folder}/config\' "$@"\n')
        shim.chmod(0o755)
        self.process = None

    @property
    def address(self):
        return f"board:{self.port}"

    def configure(self, **options):
        lines = {
            "HostName": "127.0.0.1",
            "IdentityFile": f'"{self.folder}/user"',
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": f'"{self.folder}/known_hosts"',
            "GlobalKnownHostsFile": "none",
            "HostKeyAlias": "board",
            **options,
        }
        text = "".join(f"  {name} {value}\n" for name, value in lines.items())
        (self.folder / "config").write_text(f"Host board\n{text}")

    def know(self, key):
        """Let the client know this key as the board's; none: no key at all."""
        public = (self.folder / f"{key}.pub").read_text() if key else ""
        (self.folder / "known_hosts").write_text(f"board {public}" if key else "")

    def start(self):
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        settings = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
        }
        (self.folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        command = [self.program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self.process = subprocess.Popen(command, stderr=(self.folder / "log").open("w"))
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def cut(self):
        """Break every connection, as a board that restarts does."""
        for child in children(self.process.pid):
            for process in (*children(child), child):
                # The shells that it started live on: they are to notice by themselves.
                if "sshd" in name_of(process):
                    os.kill(process, signal.SIGKILL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.cut()
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def sshd_once(tmp_path_factory):
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not program or not shutil.which("ssh"):
        pytest.skip("no sshd here: apt install openssh-server")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sshd(sshd_once, monkeypatch):
    """A running sshd that knows the user, and a user who knows it, whatever the test before did."""
    monkeypatch.setenv("PATH", f"{sshd_once.folder}/bin:{os.environ['PATH']}")
    sshd_once.know("host")
    sshd_once.configure()
    return sshd_once


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children(process):
    """The numbers of a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def name_of(process):
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
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
