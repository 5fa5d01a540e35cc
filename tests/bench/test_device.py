import pytest

from edgecompress.bench.device import Device, device
from edgecompress.errors import InputError


def test_local_is_this_machine():
    assert device("local") == Device("local", "")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ssh://pi@192.0.2.7", "another device's address, and this version measures on this machine only"),
        ("adb:R58M123", "another device's address, and this version measures on this machine only"),
        ("rpi4", "'rpi4' is a profile, not a device"),
        ("loca", "unknown device 'loca'"),
        ("", "unknown device ''"),
    ],
)
def test_other_devices_are_refused_with_what_to_give_instead(name, line):
    with pytest.raises(InputError, match=line) as caught:
        device(name)
    assert str(caught.value).endswith(": give --device local")
    assert "\n" not in str(caught.value)
