import pytest

from edgecompress.deploy.openssh.address import Address, parse
from edgecompress.errors import InputError


@pytest.mark.parametrize(
    ("text", "address", "options"),
    [
        ("board", Address("board", None, None), ["--", "board"]),
        ("pi@192.0.2.7:2222", Address("192.0.2.7", "pi", 2222), ["-l", "pi", "-p", "2222", "--", "192.0.2.7"]),
        ("pi@[fe80::1%eth0]:22", Address("fe80::1%eth0", "pi", 22), ["-l", "pi", "-p", "22", "--", "fe80::1%eth0"]),
        ("first.last@my-board.local/", Address("my-board.local", "first.last", None), None),
    ],
)
def test_addresses(text, address, options):
    assert parse(text) == address
    assert options is None or address.options() == options


def test_the_command_is_the_one_that_a_user_types():
    commands = {text: parse(text).command for text in ("board", "pi@192.0.2.7:2222", "pi@[fe80::1%eth0]:22")}
    assert list(commands.values()) == ["ssh board", "ssh -p 2222 pi@192.0.2.7", "ssh -p 22 pi@fe80::1%eth0"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=touch hacked",
        "-l@host",
        "pi@-v",
        "pi:secret@host",
        "host:0",
        "host:99999",
        "host:x",
        "a b",
        "host/path",
        "pi@",
        "fe80::1",
    ],
)
def test_what_is_no_address_is_refused_before_any_program_sees_it(text):
    with pytest.raises(InputError, match="is not an address; write ssh://user@host"):
        parse(text)
