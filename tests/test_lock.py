import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from edgecompress.lock import held

SPAWN = multiprocessing.get_context("spawn")


def count(lock: Path, counter: Path, times: int) -> None:
    """Add to a number in a file, which goes wrong where two do it at once."""
    for _ in range(times):
        with held(lock, lambda: None):
            number = int(counter.read_text())
            counter.write_text("")
            counter.write_text(str(number + 1))


def hold(lock: Path, ready) -> None:
    with held(lock, lambda: None):
        ready.set()
        signal.pause()


def test_what_is_done_under_a_lock_is_done_by_one_at_a_time(tmp_path):
    lock, counter = tmp_path / "folder" / "lock", tmp_path / "counter"
    counter.write_text("0")
    others = [SPAWN.Process(target=count, args=(lock, counter, 200)) for _ in range(3)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    assert counter.read_text() == "600"
    assert not lock.exists()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    lock, ready = tmp_path / "lock", SPAWN.Event()
    other = SPAWN.Process(target=hold, args=(lock, ready))
    other.start()
    assert ready.wait(60)
    waited = []

    def kill() -> None:
        waited.append(lock.exists())
        os.kill(other.pid, signal.SIGKILL)

    with held(lock, kill):
        assert waited == [True]
    other.join()
    assert not lock.exists()


def test_it_is_free_after_an_error(tmp_path):
    with pytest.raises(KeyError), held(tmp_path / "lock", lambda: None):
        raise KeyError
    with held(tmp_path / "lock", lambda: pytest.fail("held")):
        pass
