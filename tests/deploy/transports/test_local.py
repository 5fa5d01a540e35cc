import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgecompress import methods
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.local import local
from edgecompress.errors import InputError, RuntimeFailedError

# Starts a child of its own, tells both process numbers, and waits.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def ignore(line):
    pass


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(processes, seconds=20):
    """Whether all of them ended in time."""
    end = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(is_running, processes))


@pytest.fixture
def connection():
    with local() as opened:
        yield opened


def python(connection, code, seconds=60, on_line=ignore, arguments=()):
    return connection.run([connection.python, "-c", code, *arguments], Deadline.after(seconds), on_line)


def test_files_go_there_and_back_and_the_work_folder_vanishes(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(256)))
    with local() as connection:
        connection.push(tmp_path / "a", "deep/b", Deadline.after(10))
        python(connection, "import pathlib; pathlib.Path('c').write_bytes(pathlib.Path('deep/b').read_bytes()[::-1])")
        connection.pull("c", tmp_path / "c", Deadline.after(10))
        folder = python(connection, "import os; print(os.getcwd())").output.strip()
        assert Path(folder).is_dir()
    assert (tmp_path / "c").read_bytes() == bytes(range(256))[::-1]
    assert not Path(folder).exists()


def test_what_is_not_there_is_one_error(connection, tmp_path):
    with pytest.raises(RuntimeFailedError, match=r"cannot copy .*absent"):
        connection.pull("absent", tmp_path / "x", Deadline.after(10))
    with pytest.raises(RuntimeFailedError, match=r"cannot copy .*absent"):
        connection.push(tmp_path / "absent", "x", Deadline.after(10))
    with pytest.raises(RuntimeFailedError, match="cannot start no-such-program"):
        connection.run(["no-such-program"], Deadline.after(10), ignore)


def test_lines_come_while_the_program_runs(connection):
    code = "import sys\nprint('first', flush=True)\nsys.stdin.readline()"
    lines = []

    def on_line(line):
        lines.append(line)
        raise StopIteration  # the program waits for ever: only a line that came in time ends this

    with pytest.raises(StopIteration):
        python(connection, code, on_line=on_line)
    assert lines == ["first"]


def test_output_errors_and_exit_codes(connection):
    code = (
        "import sys\nprint('Grüße')\nsys.stdout.write('no end')\nsys.stderr.write('x' * 100_000 + 'last')\nsys.exit(7)"
    )
    lines = []
    finished = python(connection, code, on_line=lines.append)
    assert finished.code == 7
    assert finished.output == "Grüße\nno end"
    assert lines == ["Grüße", "no end"]
    assert finished.errors.endswith("xlast")
    assert len(finished.errors) == 64 * 1024
    assert python(connection, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)").code == -signal.SIGSEGV


def test_no_shell_reads_the_arguments(connection):
    given = ["$HOME", "a b", "; touch hacked", "`id`", "*", ""]
    finished = python(connection, "import sys, json; print(json.dumps(sys.argv[1:]))", arguments=given)
    assert json.loads(finished.output) == given


def test_a_deadline_ends_the_whole_family(connection):
    lines = []
    with pytest.raises(RuntimeFailedError, match="did not finish within 2 s"):
        python(connection, FAMILY, seconds=2, on_line=lines.append)
    assert gone([int(word) for word in lines[0].split()])


def test_a_program_that_closes_its_output_and_stays_meets_the_deadline_too(connection):
    with pytest.raises(RuntimeFailedError, match="did not finish within 1 s"):
        python(connection, "import os, time\nos.close(1)\ntime.sleep(600)", seconds=1)


def test_children_that_outlive_their_program_are_ended(connection):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid)"
    )
    finished = python(connection, code)
    assert finished.code == 0
    assert gone([int(finished.output)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_this_process_ends_the_program_does_not_run_on(number, tmp_path):
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
