import os
import time
from contextlib import suppress

import pytest

from edgecompress.deploy.serial import port
from edgecompress.deploy.serial.address import SerialAddress
from edgecompress.errors import DeviceLostError, InputError, MissingDependencyError

pytest.importorskip("serial")


@pytest.fixture
def pair():
    """The board's end of a pseudo-terminal, and the address of the other."""
    mine, theirs = os.openpty()
    yield mine, SerialAddress(os.ttyname(theirs), 115200)
    for each in (mine, theirs):
        with suppress(OSError):
            os.close(each)


def test_lines_go_both_ways(pair):
    mine, address = pair
    with port.opened(address) as opened:
        opened.write(b"hello\n")
        assert os.read(mine, 100) == b"hello\n"
        os.write(mine, b"one\ntw")
        assert opened.line(time.monotonic() + 5) == b"one"
        assert opened.line(time.monotonic() + 0.2) is None
        os.write(mine, b"o\n")
        assert opened.line(time.monotonic() + 5) == b"two"


def test_a_port_is_one_process_s_alone(pair):
    _, address = pair
    busy = pytest.raises(InputError, match="is busy: close the program that has it")
    with port.opened(address), busy, port.opened(address):
        pass


def test_a_port_that_is_not_there_is_said_with_those_that_are():
    with (
        pytest.raises(InputError, match=r"there is no port /dev/ttyNONE: plug the board in"),
        port.opened(SerialAddress("/dev/ttyNONE", 115200)),
    ):
        pass


def test_a_file_is_no_port(tmp_path):
    path = tmp_path / "port"
    path.touch()
    with pytest.raises(InputError, match="is no serial port"), port.opened(SerialAddress(str(path), 115200)):
        pass


def test_who_may_not_open_it_is_told_the_group(monkeypatch):
    import serial

    def refused(*_, **__):
        raise serial.SerialException(13, "could not open port /dev/ttyACM0: Permission denied")

    monkeypatch.setattr(serial, "Serial", refused)
    with (
        pytest.raises(InputError, match=r"you may not open /dev/ttyACM0: join its group \(sudo usermod -aG dialout"),
        port.opened(SerialAddress("/dev/ttyACM0", 115200)),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "COM3 is busy"),
        (
            "could not open port 'COM3': FileNotFoundError(2, 'The system cannot find it', None, 2)",
            "there is no port COM3",
        ),
    ],
)
def test_windows_says_it_in_words_alone(monkeypatch, text, said):
    import serial

    def refused(*_, **__):
        raise serial.SerialException(text)

    monkeypatch.setattr(serial, "Serial", refused)
    with pytest.raises(InputError, match=said), port.opened(SerialAddress("COM3", 115200)):
        pass


def test_a_board_that_is_pulled_out_is_lost(pair):
    mine, address = pair
    with port.opened(address) as opened:
        os.close(mine)
        with pytest.raises(DeviceLostError, match="is gone in the middle"):
            opened.line(time.monotonic() + 5)


def test_without_pyserial_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "serial", None)
    with (
        pytest.raises(MissingDependencyError, match=r"pip install 'edgecompress\[serial\]'"),
        port.opened(SerialAddress("/dev/ttyACM0", 115200)),
    ):
        pass
