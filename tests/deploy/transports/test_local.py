import os
import signal
import subprocess
import sys

import pytest

from edgecompress import methods
from edgecompress.deploy.transports.local import local
from edgecompress.errors import InputError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_this_process_ends_the_program_does_not_run_on(number, tmp_path, is_running, gone):
    # Killed outright, this process can do nothing; the far side sees its stdin close.
    code = (
        "import sys\n"
        "from edgecompress.deploy.deadline import Deadline\n"
        "from edgecompress.deploy.transports.local import local\n"
        "inner = 'import os, sys; print(os.getpid(), flush=True); sys.stdin.read()'\n"
        "with local() as connection:\n"
        "    connection.run([sys.executable, '-c', inner], Deadline.after(60), lambda line: print(line, flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # killed, it leaves its work folder behind
    )
    child = int(process.stdout.readline())
    assert is_running(child)
    os.kill(process.pid, number)
    process.wait(timeout=30)
    process.stdout.close()
    assert gone([child])


def test_it_is_found_by_name_and_takes_no_address():
    assert methods.find("edgecompress.deploy.transports", "local") is local
    with pytest.raises(InputError, match="takes no address"), local("192.0.2.1"):
        pass


def test_the_interpreter_is_this_one_unless_told():
    with local() as connection:
        assert connection.python == sys.executable
    with local(python="/opt/python") as connection:
        assert connection.python == "/opt/python"
