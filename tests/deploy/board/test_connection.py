"""What a connection keeps and leaves, and its faults, by every carrier; what the carriers differ in: ../transports."""

import os
import subprocess
import sys
import time

import pytest

from edgecompress.deploy.board import connection as module
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import RuntimeFailedError
from edgecompress.testing import check_transport

from .conftest import Here, run, soon


@pytest.fixture
def small_disk(root):
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(root)]
    if os.getuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    yield root
    subprocess.run(["umount", "-l", str(root)], check=True)


def test_what_the_board_holds_is_not_sent_again(open_board, root, tmp_path):
    (tmp_path / "model").write_bytes(os.urandom(123_457))
    numbers = set()
    for _ in range(2):
        with open_board(root) as connection:
            for name in ("a", "b"):
                connection.push(tmp_path / "model", name, soon())
                assert run(connection, "cmp", str(tmp_path / "model"), name).code == 0
                (blob,) = (root / "blobs").iterdir()
                numbers.add(blob.stat().st_ino)
    assert len(numbers) == 1
    # What went bad there in the meantime is seen, and sent anew.
    blob.chmod(0o600)
    blob.write_bytes(b"x" * 123_457)
    with open_board(root) as connection:
        connection.push(tmp_path / "model", "a", soon())
        connection.pull("a", tmp_path / "deep" / "back", soon())
    assert (tmp_path / "deep" / "back").read_bytes() == (tmp_path / "model").read_bytes()
    assert os.listdir(tmp_path / "deep") == ["back"]  # noqa: PTH208


def test_a_small_file_is_not_kept(open_board, root, tmp_path):
    (tmp_path / "small").write_bytes(b"x" * 1000)
    with open_board(root) as connection:
        connection.push(tmp_path / "small", "a", soon())
        assert (os.listdir(root / "blobs"), run(connection, "ls", "-A").output) == ([], "a\n")  # noqa: PTH208


def test_what_was_installed_is_the_python(open_board, root):
    with open_board(root, python="") as connection:
        assert connection.python == "python3"
    (root / "environment").mkdir()
    (root / "environment" / "python").write_text("#!/bin/sh\necho own\n")
    (root / "environment" / "python").chmod(0o755)
    with open_board(root, python="") as connection:
        assert (run(connection, connection.python).output, connection.own_python) == ("own\n", "python3")


def test_a_missing_python_says_what_to_do(open_board, root):
    with open_board(root, python="python2.2") as connection:
        with pytest.raises(RuntimeFailedError, match=r"cannot start python2\.2: .*devices setup"):
            run(connection, connection.python, "x")
        assert run(connection, "true").code == 0


def test_temporary_files_of_a_program_vanish_with_the_work_folder(open_board, root):
    with open_board(root) as connection:
        made = run(connection, "mktemp").output.strip()
        assert os.path.exists(made)  # noqa: PTH110
    assert not os.path.exists(made)  # noqa: PTH110


def test_a_full_disk_is_one_line_and_what_was_there_stays(open_board, small_disk, tmp_path):
    (tmp_path / "small").write_bytes(os.urandom(100_000))
    (tmp_path / "large").write_bytes(os.urandom(3_000_000))
    with open_board(small_disk) as connection:
        connection.push(tmp_path / "small", "f", soon())
        full = r"cannot copy .*: the disk of .*kept there is full there: make room, or run 'edgecompress devices clean'"
        with pytest.raises(RuntimeFailedError, match=full):
            connection.push(tmp_path / "large", "f", soon())
        assert run(connection, "cmp", str(tmp_path / "small"), "f").code == 0
        assert run(connection, "ls", "-A").output == "f\n"
        # A disk that is full to the last byte still runs programs, and hears of their errors.
        (small_disk / "others").write_bytes(bytes(os.statvfs(small_disk).f_bfree * os.statvfs(small_disk).f_frsize))
        finished = run(connection, "sh", "-c", "echo bad >&2; exit 3")
        assert (finished.code, finished.errors) == (3, "bad\n")
        (small_disk / "others").unlink()
        connection.push(tmp_path / "small", "g", soon())


def test_a_copy_has_a_deadline_and_leaves_nothing(open_board, root, tmp_path):
    (tmp_path / "large").write_bytes(bytes(200_000_000))
    with open_board(root) as connection:
        module_sum = module._digest(tmp_path / "large")  # it takes longer than the deadline
        late = r"cannot copy .*: not done within 0\.1 s"
        with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeFailedError, match=late):
            patch.setattr(module, "_digest", lambda path: module_sum)
            connection.push(tmp_path / "large", "large", Deadline.after(0.1))
        end = time.monotonic() + 20  # by ssh the board sees for itself that it was given up
        while (left := run(connection, "ls", "-A").output) and time.monotonic() < end:
            time.sleep(0.1)
        assert left == ""
        assert os.listdir(root / "blobs") == []  # noqa: PTH208


def test_a_third_carrier_is_all_that_another_transport_needs(root):
    check_transport(lambda: module.connected(Here(root), python=sys.executable, folder="", take=""))
    assert os.listdir(root / "work") == []  # noqa: PTH208
