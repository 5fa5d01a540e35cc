import sys
import time

import pytest

from edgecompress.deploy import process
from edgecompress.deploy.deadline import Deadline
from edgecompress.deploy.process import Lines
from edgecompress.errors import RuntimeFailedError

COUNT = "import sys; print(len(sys.stdin.buffer.read()))"


def test_lines_are_whole_wherever_the_parts_are_cut():
    whole = "one\nzwölf\n\nlast".encode()
    for cut in range(len(whole)):
        seen = []
        lines = Lines(seen.append)
        lines(whole[:cut])
        lines(whole[cut:])
        assert lines.finish() == whole.decode()
        assert seen == ["one", "zwölf", "", "last"]


def test_much_input_goes_in_while_output_is_read():
    seen = []
    content = (b"x" * 100_000 for _ in range(30))
    code, errors = process.run(
        [sys.executable, "-c", COUNT], Deadline.after(60), seen.append, content=content, close_stdin=True
    )
    assert (code, errors, b"".join(seen)) == (0, "", b"3000000\n")


def test_a_program_that_does_not_read_its_input_ends_as_it_likes():
    content = iter(lambda: b"x" * 100_000, None)  # without end
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert process.run(command, Deadline.after(60), lambda _: None, content=content, close_stdin=True)[0] == 3


def test_a_deadline_and_a_program_that_is_not_there():
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        process.run([sys.executable, "-c", "import time; time.sleep(60)"], Deadline.after(1), lambda _: None)
    assert time.monotonic() - start < 30
    with pytest.raises(RuntimeFailedError, match="cannot start no-such-program"):
        process.run(["no-such-program"], Deadline.after(1), lambda _: None)
