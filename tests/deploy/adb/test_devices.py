import pytest

from edgecompress.deploy.adb import devices
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError, InputError


def serial(address):
    return devices.serial(address, Deadline.after(60))


def test_the_only_device_needs_no_name_and_of_several_one_must_be_named(adb_server_apart):
    with pytest.raises(InputError, match="no Android device is attached: plug one in"):
        serial("")
    first = adb_server_apart.start()
    assert serial("") == first
    second = adb_server_apart.start()
    with pytest.raises(InputError, match="2 Android devices are attached; say which: --device adb:") as error:
        serial("")
    assert f"adb:{first}" in str(error.value)
    assert f"adb:{second}" in str(error.value)
    assert serial(second) == second


def test_a_network_address_is_connected_to(adb_devices):
    there = adb_devices.start(connect=False)
    assert serial(there) == there
    adb_devices.stop(there)
    with pytest.raises(DeviceLostError, match="is not connected"):
        serial("127.0.0.1:9")


def test_an_unknown_serial_is_told_with_those_that_are_attached(adb_devices):
    there = adb_devices.start()
    with pytest.raises(DeviceLostError, match=r"device R58M is not connected.*attached: .*" + there):
        serial("R58M")


def test_an_unauthorised_device_says_what_to_do_on_its_screen(adb_devices):
    there = adb_devices.start("--unauthorized", connect=False)
    with pytest.raises(DeviceLostError, match="does not trust this machine: unlock its screen"):
        serial(there)


@pytest.mark.slow
def test_an_offline_device_says_what_to_do(adb_devices):
    there = adb_devices.start("--silent", connect=False)
    with pytest.raises(DeviceLostError, match="is offline: plug it in again"):
        serial(there)
