"""An adb server of the tests' own, and devices for it: the real adb client against tools/adb_device on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ADB_DEVICE = Path(__file__).parents[2] / "tools" / "adb_device"


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Devices:
    """Devices of one adb server; ``start`` gives the serial."""

    def __init__(self):
        self._running = {}

    def start(self, *options, connect=True, **environment):
        process = subprocess.Popen(
            [sys.executable, str(ADB_DEVICE), *options],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        serial = f"127.0.0.1:{int(process.stdout.readline())}"
        self._running[serial] = process
        if connect:
            self.adb("connect", serial)
        return serial

    def stop(self, serial):
        """The device dies and stays listed, as one whose cable was pulled in the middle of a word."""
        process = self._running.pop(serial)
        process.kill()
        process.wait()
        process.stdout.close()

    def close(self):
        for serial in list(self._running):
            self.stop(serial)
            self.adb("disconnect", serial)

    @staticmethod
    def adb(*arguments):
        return subprocess.run(["adb", *arguments], capture_output=True, text=True, timeout=60, check=False)

    @staticmethod
    def kill_server():
        """kill -9, as a crash or the out-of-memory killer would."""
        port = os.environ["ANDROID_ADB_SERVER_PORT"]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"fork-server" in words and f"tcp:{port}".encode() in words:
                os.kill(int(folder.name), signal.SIGKILL)
                return
        raise AssertionError("there is no adb server")


@pytest.fixture(scope="session")
def _adb_server(tmp_path_factory):
    if shutil.which("adb") is None:
        pytest.skip("there is no adb client (apt-get install adb)")
    with pytest.MonkeyPatch.context() as patch:
        # Never the user's own server, keys or choice of device.
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(_free_port()))
        patch.setenv("HOME", str(tmp_path_factory.mktemp("adb-home")))
        patch.delenv("ANDROID_SERIAL", raising=False)
        patch.delenv("ADB_SERVER_SOCKET", raising=False)
        try:
            yield
        finally:
            Devices.adb("kill-server")


@pytest.fixture(scope="session")
def adb_devices_once(_adb_server):
    """Devices that stay for all tests."""
    devices = Devices()
    yield devices
    devices.close()


@pytest.fixture
def adb_devices(_adb_server):
    """Devices that are gone after the test."""
    devices = Devices()
    yield devices
    devices.close()
