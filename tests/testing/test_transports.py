from contextlib import contextmanager
from dataclasses import replace

import pytest

from edgecompress.deploy.transports.local import local
from edgecompress.testing import check_transport
from edgecompress.testing.transports import arguments_arrive_as_they_are, output_errors_and_exit_codes_are_the_program_s


class Wrong:
    """A way to this machine that loses what it is told to."""

    def __init__(self, connection):
        self.connection, self.python = connection, connection.python

    def run(self, arguments, deadline, on_line):
        done = self.connection.run([each.strip("'") for each in arguments], deadline, on_line)
        return replace(done, code=abs(done.code))


@contextmanager
def opened():
    with local("") as connection:
        yield Wrong(connection)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (arguments_arrive_as_they_are, "arguments became"),
        (output_errors_and_exit_codes_are_the_program_s, "the signal 11 became 11"),
    ],
)
def test_what_breaks_the_contract_is_named(check, said, tmp_path):
    with pytest.raises(AssertionError, match=said):
        check(opened, tmp_path)


def test_this_machine_keeps_the_contract():
    check_transport(lambda: local(""))
