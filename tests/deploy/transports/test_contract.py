"""What every transport owes, held against each device of conftest."""

import json
import os
import signal

import pytest

from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import RuntimeFailedError

# Starts a child of its own, tells both process numbers, and waits.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
NAMES = ["a b", "it's", 'say "x"', "$HOME", "`id`", "new\nline", "Grüße-日本", "*", "-n", "back\\slash", "a;b", "#c"]


def ignore(line):
    pass


def python(connection, code, seconds=60, on_line=ignore, arguments=()):
    return connection.run([connection.python, "-c", code, *arguments], Deadline.after(seconds), on_line)


def test_files_go_there_and_back_and_the_work_folder_vanishes(open_device, tmp_path):
    content = os.urandom(200_000) + bytes(range(256))
    (tmp_path / "a").write_bytes(content)
    with open_device() as connection:
        connection.push(tmp_path / "a", "deep/b", Deadline.after(30))
        python(connection, "import pathlib; pathlib.Path('c').write_bytes(pathlib.Path('deep/b').read_bytes()[::-1])")
        connection.pull("c", tmp_path / "c", Deadline.after(30))
        folder = python(connection, "import os; print(os.getcwd())").output.strip()
        there = "import os, sys; print(os.path.isdir(sys.argv[1]))"
        assert python(connection, there, arguments=[folder]).output == "True\n"
    assert (tmp_path / "c").read_bytes() == content[::-1]
    with open_device() as connection:
        assert python(connection, there, arguments=[folder]).output == "False\n"


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_files_of_any_size_replace_what_was_there(connection, tmp_path, size):
    for content in (b"x" * size, b"y" * size):
        (tmp_path / "a").write_bytes(content)
        connection.push(tmp_path / "a", "a", Deadline.after(30))
        connection.pull("a", tmp_path / "b", Deadline.after(30))
        assert (tmp_path / "b").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a", "b"]


def test_names_arrive_as_they_are(connection, tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text(name)
        connection.push(tmp_path / name, f"f/{name}", Deadline.after(30))
    names = json.loads(python(connection, "import json, os; print(json.dumps(sorted(os.listdir('f'))))").output)
    assert names == sorted(NAMES)
    for name in NAMES:
        connection.pull(f"f/{name}", tmp_path / "back", Deadline.after(30))
        assert (tmp_path / "back").read_text() == name


def test_arguments_arrive_as_they_are(connection):
    given = [*NAMES, "; touch hacked", "", "'", "a" * 5000, "\\n", "!x", "~"]
    finished = python(connection, "import sys, json; print(json.dumps(sys.argv[1:]))", arguments=given)
    assert json.loads(finished.output) == given


def test_what_is_not_there_is_one_error(connection, tmp_path):
    (tmp_path / "x").write_text("kept")
    with pytest.raises(RuntimeFailedError, match=r"cannot copy .*absent"):
        connection.pull("absent", tmp_path / "x", Deadline.after(30))
    assert (tmp_path / "x").read_text() == "kept"
    with pytest.raises(RuntimeFailedError, match=r"cannot copy .*absent"):
        connection.push(tmp_path / "absent", "x", Deadline.after(30))
    with pytest.raises(RuntimeFailedError, match="cannot start no-such-program"):
        connection.run(["no-such-program"], Deadline.after(30), ignore)


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
    assert 60_000 < len(finished.errors) <= 64 * 1024


@pytest.mark.parametrize("code", [0, 1, 4, 127, 255])
def test_an_exit_code_is_the_programs(connection, code):
    assert python(connection, f"raise SystemExit({code})").code == code


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_signal_is_told_from_an_exit_code(connection, number):
    finished = python(connection, f"import os; print('x', flush=True); os.kill(os.getpid(), {number})")
    assert (finished.code, finished.output) == (-number, "x\n")


def test_a_deadline_ends_the_whole_family(connection, gone):
    lines = []
    with pytest.raises(RuntimeFailedError, match="did not finish within 2 s"):
        python(connection, FAMILY, seconds=2, on_line=lines.append)
    assert gone([int(word) for word in lines[0].split()])


def test_a_program_that_closes_its_output_and_stays_meets_the_deadline_too(connection):
    with pytest.raises(RuntimeFailedError, match="did not finish within 1 s"):
        python(connection, "import os, time\nos.close(1)\ntime.sleep(600)", seconds=1)


def test_children_that_outlive_their_program_are_ended(connection, gone):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid)"
    )
    finished = python(connection, code)
    assert finished.code == 0
    assert gone([int(finished.output)])


def test_stdin_stays_open_and_is_empty(connection):
    code = "import select; print(select.select([0], [], [], 0.5)[0])"
    assert python(connection, code).output == "[]\n"
