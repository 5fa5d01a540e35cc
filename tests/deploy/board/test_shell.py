"""How a board is held for one job, by every carrier, and how a program in its shell ends."""

import threading
import time

import pytest

from edgecompress.deploy.board import programs
from edgecompress.deploy.board.shell import held
from edgecompress.deploy.deadline import Deadline
from edgecompress.errors import DeviceLostError, InputError, RuntimeFailedError

from .conftest import Here, run, soon


def test_one_job_at_a_time(open_board, root):
    with open_board(root) as connection:
        busy = r"(ssh://|adb:).* is busy with the job of .*@.*: .*devices clean NAME --force"
        with pytest.raises(RuntimeFailedError, match=busy), open_board(root):
            pass
        with open_board(root, take="yes") as other:
            assert run(other, "true").code == 0
            with pytest.raises(DeviceLostError, match=r"its work folder is gone: restarted|was lost"):
                run(connection, "true")
    assert not (root / "lock").is_symlink()
    # A lock whose holder is gone, as after a power cut, is no obstacle.
    (root / "lock").symlink_to("1 another-boot me@here")
    with open_board(root) as connection:
        assert run(connection, "true").code == 0


def test_a_job_that_is_taken_over_ends(open_board, root, gone):
    numbers, failed = [], []

    def job():
        with pytest.raises(DeviceLostError) as error, open_board(root) as connection:
            code = "sleep 600 & echo $! $$; trap '' TERM; wait; wait"
            connection.run(["sh", "-c", code], soon(), lambda line: numbers.extend(map(int, line.split())))
        failed.append(error.value)

    thread = threading.Thread(target=job)
    thread.start()
    while not numbers and thread.is_alive():
        time.sleep(0.05)
    with open_board(root, take="yes") as connection:
        assert gone(numbers)
        assert run(connection, "true").code == 0
    thread.join()
    assert len(failed) == 1


def test_a_board_is_held_in_a_work_folder_that_vanishes_with_the_job(root):
    with held(Here(root), folder="", take="") as (shell, folders):
        assert (folders.root, folders.is_set_up) == (str(root), False)
        output = []
        assert shell.call(programs.RUN, [folders.work, "pwd"], soon(), "look", output.append).word == "0"
        assert b"".join(output).decode() == f"{folders.work}\n"
        assert not shell.ends()
    assert list((root / "work").iterdir()) == []


def test_a_folder_that_is_somebody_s_is_refused(tmp_path):
    (tmp_path / "thesis.tex").touch()
    foreign = "has files in it and not our mark"
    with pytest.raises(InputError, match=foreign), held(Here("/nowhere"), folder=str(tmp_path), take=""):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_program_that_does_not_end_in_time_ends_with_the_job_at_the_latest(root, gone):
    numbers = []
    with held(Here(root), folder="", take="") as (shell, folders):
        arguments = [folders.work, "sh", "-c", "echo $$; exec sleep 600"]
        with pytest.raises(TimeoutError):
            shell.call(programs.RUN, arguments, Deadline.after(1), "wait", lambda part: numbers.append(int(part)))
    assert gone(numbers)
