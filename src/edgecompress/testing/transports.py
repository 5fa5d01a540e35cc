"""Contract checks of a transport; see ``deploy/transports/contract.py``. The device must have Python."""

import json
import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.transports.contract import Connection, Finished, OnLine
from edgecompress.errors import RuntimeFailedError
from edgecompress.testing.expect import expect, refuses

Open = Callable[[], AbstractContextManager[Connection]]
NAMES = ("a b", "it's", 'say "x"', "$HOME", "`id`", "new\nline", "Grüße-日本", "*", "-n", "back\\slash", "a;b", "#c")
"""Names that a shell on the way would take for something else."""
_SECONDS = 60


def unheard(_: str) -> None:
    """Listen to nothing."""


def python(
    connection: Connection,
    code: str,
    seconds: float = _SECONDS,
    on_line: OnLine = unheard,
    arguments: Sequence[str] = (),
) -> Finished:
    """Run ``code`` there."""
    return connection.run([connection.python, "-c", code, *arguments], Deadline.after(seconds), on_line)


def check_transport(open_connection: Open) -> None:
    """Make sure that a transport carries files and programs as they are, through connections to one device.

    Args:
        open_connection: opens a connection to the device, as often as it is called.

    Raises:
        AssertionError: it breaks its contract.
    """
    for check in CHECKS:
        with tempfile.TemporaryDirectory(prefix="edgecompress-") as folder:
            check(open_connection, Path(folder))


def files_go_there_and_back_and_the_work_folder_vanishes(open_connection: Open, folder: Path) -> None:
    """Check that, of a file in a folder of a folder."""
    content = os.urandom(200_000) + bytes(range(256))
    (folder / "a").write_bytes(content)
    there = "import os, sys; print(os.path.isdir(sys.argv[1]))"
    with open_connection() as connection:
        connection.push(folder / "a", "deep/b", Deadline.after(_SECONDS))
        python(connection, "import pathlib; pathlib.Path('c').write_bytes(pathlib.Path('deep/b').read_bytes()[::-1])")
        connection.pull("c", folder / "c", Deadline.after(_SECONDS))
        work = python(connection, "import os; print(os.getcwd())").output.strip()
        found = python(connection, there, arguments=[work]).output
        expect(found == "True\n", "programs are not started in the work folder")
    expect((folder / "c").read_bytes() == content[::-1], "a file is another after its way there and back")
    with open_connection() as connection:
        found = python(connection, there, arguments=[work]).output
        expect(found == "False\n", "the work folder is still there after the connection was closed")


def files_of_any_size_replace_what_was_there(open_connection: Open, folder: Path) -> None:
    """Check that, on both sides, and that nothing else is left."""
    with open_connection() as connection:
        for content in (letter * size for size in (0, 1, 100_000) for letter in (b"x", b"y")):
            (folder / "a").write_bytes(content)
            connection.push(folder / "a", "a", Deadline.after(_SECONDS))
            connection.pull("a", folder / "b", Deadline.after(_SECONDS))
            expect((folder / "b").read_bytes() == content, f"a file of {len(content)} bytes is another one there")
    left = sorted(path.name for path in folder.iterdir() if path.is_file())
    expect(left == ["a", "b"], f"there are files that nobody asked for: {', '.join(left)}")


def names_arrive_as_they_are(open_connection: Open, folder: Path) -> None:
    """Check that, of names of files."""
    with open_connection() as connection:
        for name in NAMES:
            (folder / name).write_text(name)
            connection.push(folder / name, f"f/{name}", Deadline.after(_SECONDS))
        listed = python(connection, "import json, os; print(json.dumps(sorted(os.listdir('f'))))").output
        expect(json.loads(listed) == sorted(NAMES), f"names became {listed.strip()}")
        for name in NAMES:
            connection.pull(f"f/{name}", folder / "back", Deadline.after(_SECONDS))
            expect((folder / "back").read_text() == name, f"the file {name!r} came back as another")


def arguments_arrive_as_they_are(open_connection: Open, folder: Path) -> None:  # noqa: ARG001
    """Check that, of a program's arguments."""
    given = [*NAMES, "; touch hacked", "", "'", "a" * 5000, "\\n", "!x", "~"]
    with open_connection() as connection:
        code = "import sys, json; print(json.dumps(sys.argv[1:]))"
        found = json.loads(python(connection, code, arguments=given).output)
    expect(found == given, f"arguments became {found}")


def what_is_not_there_is_one_error(open_connection: Open, folder: Path) -> None:
    """Check that, of files and programs, and that what is here stays."""
    (folder / "x").write_text("kept")
    soon = Deadline.after(_SECONDS)
    with open_connection() as connection:
        calls: dict[str, tuple[str, Callable[[], Any]]] = {
            "a file that is not there": ("absent", lambda: connection.pull("absent", folder / "x", soon)),
            "a file that is not here": ("absent", lambda: connection.push(folder / "absent", "x", soon)),
            "a program that is not there": (
                "cannot start no-such-program",
                lambda: connection.run(["no-such-program"], soon, unheard),
            ),
        }
        for what, (match, call) in calls.items():
            refuses(RuntimeFailedError, match, call, what)
    expect((folder / "x").read_text() == "kept", "a file here was lost to one that could not be copied")


class _SeenError(Exception):
    """A line came."""


def lines_come_while_the_program_runs(open_connection: Open, folder: Path) -> None:  # noqa: ARG001
    """Check that, and that the call ends with what its listener raises."""
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        raise _SeenError  # the program waits for ever: only a line that came in time ends this

    with open_connection() as connection:
        code = "import sys\nprint('first', flush=True)\nsys.stdin.readline()"
        refuses(_SeenError, "", lambda: python(connection, code, on_line=on_line), "a listener that raises")
    expect(lines == ["first"], f"the lines were {lines}")


def output_errors_and_exit_codes_are_the_program_s(open_connection: Open, folder: Path) -> None:  # noqa: ARG001
    """Check that, of long errors too, and tell a signal from an exit code."""
    code = (
        "import sys\nprint('Grüße')\nsys.stdout.write('no end')\nsys.stderr.write('x' * 100_000 + 'last')\nsys.exit(7)"
    )
    lines: list[str] = []
    with open_connection() as connection:
        done = python(connection, code, on_line=lines.append)
        expect(
            (done.code, done.output) == (7, "Grüße\nno end"), f"it ended with {done.code} and printed {done.output!r}"
        )
        expect(lines == ["Grüße", "no end"], f"the lines were {lines}")
        expect(done.errors.endswith("xlast") and 60_000 < len(done.errors) <= 64 * 1024, "the errors' end is not kept")
        for number in (0, 1, 4, 127, 255):
            found = python(connection, f"raise SystemExit({number})").code
            expect(found == number, f"the exit code {number} became {found}")
        for number in (signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT):
            code = f"import os; print('x', flush=True); os.kill(os.getpid(), {int(number)})"
            done = python(connection, code)
            expect((done.code, done.output) == (-number, "x\n"), f"the signal {int(number)} became {done.code}")


def a_deadline_ends_a_program(open_connection: Open, folder: Path) -> None:  # noqa: ARG001
    """Check that, of one that has closed its output and stays."""
    code = "import os, time\nos.close(1)\ntime.sleep(600)"
    with open_connection() as connection:
        call = lambda: python(connection, code, seconds=1)  # noqa: E731
        refuses(RuntimeFailedError, "did not finish within 1 s", call, "a program that stays")


def stdin_stays_open_and_is_empty(open_connection: Open, folder: Path) -> None:  # noqa: ARG001
    """Check that: a program learns by it that it was given up."""
    with open_connection() as connection:
        found = python(connection, "import select; print(select.select([0], [], [], 0.5)[0])").output
    expect(found == "[]\n", "a program's stdin has ended or holds something")


CHECKS: tuple[Callable[[Open, Path], None], ...] = (
    files_go_there_and_back_and_the_work_folder_vanishes,
    files_of_any_size_replace_what_was_there,
    names_arrive_as_they_are,
    arguments_arrive_as_they_are,
    what_is_not_there_is_one_error,
    lines_come_while_the_program_runs,
    output_errors_and_exit_codes_are_the_program_s,
    a_deadline_ends_a_program,
    stdin_stays_open_and_is_empty,
)
"""Each takes what opens connections, and an empty folder of this machine."""
