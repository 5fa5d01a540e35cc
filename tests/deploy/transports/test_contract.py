"""What every transport owes, held against each device of conftest."""

import pytest

from edgecompress.errors import RuntimeFailedError
from edgecompress.testing.transports import CHECKS, python

# Starts a child of its own, tells both process numbers, and waits.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check, open_device, tmp_path):
    check(open_device, tmp_path)


def test_a_deadline_ends_the_whole_family(connection, gone):
    lines = []
    with pytest.raises(RuntimeFailedError, match="did not finish within 2 s"):
        python(connection, FAMILY, seconds=2, on_line=lines.append)
    assert gone([int(word) for word in lines[0].split()])


def test_children_that_outlive_their_program_are_ended(connection, gone):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid)"
    )
    finished = python(connection, code)
    assert finished.code == 0
    assert gone([int(finished.output)])
