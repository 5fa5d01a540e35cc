import pytest

from edgecompress.deploy.adb import client
from edgecompress.deploy.adb.client import AdbClient
from edgecompress.deploy.board.contract import Ended
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

# What releases of adb say, word by word (packages/modules/adb, client/ and adb.cpp).
SAID = {
    "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set": "does not trust this machine",
    "error: device offline": "is offline",
    "adb: error: failed to get feature set: device offline": "is offline",
    "error: device 'X' not found": "is not connected",
    "adb: device 'X' not found": "is not connected",
    "adb: no devices/emulators found": "is not connected",
    "error: closed": "was lost",
    "adb: error: failed to copy '/a' to '/b': EOF": "was lost",
    "adb: error: failed to copy '/a' to '/b': couldn't read from device": "was lost",
    "adb: error: failed to read copy response: EOF": "was lost",
    "adb: device still authorizing": "does not trust this machine",
    "error: insufficient permissions for device: user in plugdev group; are your udev rules wrong?": "udev rule",
}


@pytest.mark.parametrize("said", SAID)
def test_words_of_a_lost_device(said):
    error = AdbClient("X").failure("copy a", Ended(1, said, None), None)
    assert isinstance(error, DeviceLostError)
    assert str(error).startswith("cannot copy a: device X ")
    assert SAID[said] in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "adb: error: failed to copy 'x' to 'y': remote write failed: No space left on device",
        "* daemon started\nadb: error: cannot stat 'device offline': No such file",
        "adb: error: failed to copy 'error: closed' to 'EOF': remote Permission denied",
        "",
    ],
)
def test_other_words_are_no_lost_device(said):
    assert AdbClient("X").lost(said, "copy a") is None


def test_a_push_says_why_it_failed(adb_devices, tmp_path):
    (tmp_path / "error: closed").write_bytes(b"x")
    client = AdbClient(adb_devices.start())
    said = client.copy(tmp_path / "error: closed", str(tmp_path / "there"), Deadline.after(60), "copy a")
    assert (said.word, (tmp_path / "there").read_bytes()) == ("copied", b"x")
    said = client.copy(tmp_path / "error: closed", "/proc/no-such-file", Deadline.after(60), "copy a")
    assert said.word == "failed"
    assert said.more.startswith("failed to copy ")
    with pytest.raises(DeviceLostError, match="cannot copy a: device no-such is not connected"):
        AdbClient("no-such").copy(tmp_path / "error: closed", "/x", Deadline.after(60), "copy a")
    with pytest.raises(FileNotFoundError):
        client.copy(tmp_path / "absent", "/x", Deadline.after(60), "copy a")


def test_no_client_is_one_line_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"there is no adb client on PATH: .*apt-get install adb"):
        client.server(Deadline.after(5))


def test_a_server_that_does_not_start_is_one_line(monkeypatch, tmp_path):
    program = tmp_path / "adb"
    program.write_text("#!/bin/sh\necho 'cannot bind listener: Address in use' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(RuntimeFailedError, match="adb's server does not start: cannot bind listener"):
        client.server(Deadline.after(20))
    program.write_text("#!/bin/sh\nsleep 60\n")
    with pytest.raises(RuntimeFailedError, match=r"did not start within 0\.5 s"):
        client.server(Deadline.after(0.5))
