"""A folder for boards to keep everything in, a carrier that is not shipped, and short names for what tests do."""

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError


def soon():
    return Deadline.after(60)


def run(connection, *arguments):
    return connection.run(arguments, soon(), lambda line: None)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "kept there"


class Here:
    """A third carrier, as docs/extending.md has one: an sh of this machine."""

    name, copy = "here", None

    def __init__(self, root):
        self.root = f"root='{root}'"

    def command(self, script, *, first):
        return ["sh", "-c", script], b""

    def look(self, *, drowned):
        pass

    def failure(self, what, ended, holder):
        return DeviceLostError(f"cannot {what}: {ended.errors.strip()}")
