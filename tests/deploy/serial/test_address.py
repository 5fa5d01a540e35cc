import pytest

from edgecompress.deploy.serial.address import parse
from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("address", "port", "baud"),
    [
        ("serial:/dev/ttyACM0", "/dev/ttyACM0", 115200),
        ("serial:/dev/ttyUSB0@921600", "/dev/ttyUSB0", 921600),
        ("serial:COM3", "COM3", 115200),
        ("serial:/dev/serial/by-id/usb-Arduino_Nano-if00", "/dev/serial/by-id/usb-Arduino_Nano-if00", 115200),
    ],
)
def test_a_port_and_its_rate(address, port, baud):
    found = parse(address)
    assert (found.port, found.baud) == (port, baud)


@pytest.mark.parametrize(
    "address", ["serial:", "serial:/dev/tty ACM0", "serial:COM3@", "serial:COM3@fast", "serial:@9600"]
)
def test_what_is_no_address_is_refused_with_examples(address):
    with pytest.raises(InputError, match=r"is not an address: write serial:/dev/ttyACM0"):
        parse(address)
