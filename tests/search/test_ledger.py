import multiprocessing
import os
import signal
import sys
import time

import pytest

from edgecompress.errors import InputError
from edgecompress.search import ledger
from edgecompress.search.ledger import TrialLedger
from edgecompress.search.records import Trial

SPAWN = multiprocessing.get_context("spawn")


def trial(number, size=1000, drop=0.5):
    return Trial(number=number, origin="start", parameters={}, layers={}, bytes=size, drop=drop)


def work(url, total, ready):
    """A worker whose trials are over at once; what it tells is which process tried."""
    kept = TrialLedger(url, "search")
    ready.wait(120)
    while (number := kept.claim(total)) is not None:
        kept.keep(trial(number, size=os.getpid()))


def hold(url, ready):
    TrialLedger(url, "search").claim(9)
    ready.set()
    signal.pause()


@pytest.fixture(params=["journal", "sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("database")
    return str(tmp_path / "new" / "journal") if request.param == "journal" else f"sqlite:///{tmp_path / 'search.db'}"


def test_numbers_are_taken_in_order_and_what_is_kept_is_there_for_all(url):
    one, other = TrialLedger(url, "search"), TrialLedger(url, "search")
    assert one.claim(3) == 0
    assert other.claim(3) == 1
    one.keep(trial(0, drop=None))
    assert other.finished() == [trial(0, drop=None)]
    assert one.claim(3) == 2
    assert TrialLedger(url, "search").claim(3) is None
    other.keep(trial(1))
    one.keep(trial(2))
    assert TrialLedger(url, "search").finished() == [trial(0, drop=None), trial(1), trial(2)]
    assert one.claim(3) is None
    assert TrialLedger(url, "another").finished() == []


def test_what_is_given_up_is_tried_by_the_next(url):
    one, other = TrialLedger(url, "search"), TrialLedger(url, "search")
    assert one.claim(2) == 0
    one.give_up()
    one.give_up()
    assert other.claim(2) == 0


def test_the_number_of_a_worker_that_was_killed_is_tried_again(url):
    ready = SPAWN.Event()
    other = SPAWN.Process(target=hold, args=(url, ready))
    other.start()
    assert ready.wait(120)
    kept = TrialLedger(url, "search")
    assert kept.claim(1) is None
    other.kill()
    other.join()
    assert kept.claim(1) == 0


def test_a_worker_on_another_machine_is_lost_when_it_says_nothing_for_long(url, monkeypatch):
    there = TrialLedger(url, "search")
    monkeypatch.setattr(ledger.socket, "gethostname", lambda: "there")
    assert there.claim(1) == 0
    monkeypatch.undo()
    here = TrialLedger(url, "search")
    assert here.claim(1) is None
    now = time.time()
    monkeypatch.setattr(ledger.time, "time", lambda: now + ledger.SECONDS_UNTIL_LOST + 1)
    assert here.claim(1) == 0
    here.give_up()
    monkeypatch.setattr(ledger, "SECONDS_BETWEEN_BEATS", 0.0)
    there.beat()
    assert here.claim(1) is None


def test_workers_that_race_try_each_number_once(url):
    ready = SPAWN.Event()
    others = [SPAWN.Process(target=work, args=(url, 12, ready)) for _ in range(3)]
    for each in others:
        each.start()
    ready.set()
    for each in others:
        each.join()
        assert each.exitcode == 0
    assert [each.number for each in TrialLedger(url, "search").finished()] == list(range(12))


@pytest.mark.parametrize("wrong", ["nowhere://x/y", "sqlite:////no/such/folder/search.db"])
def test_a_storage_that_cannot_be_used_is_one_line(wrong):
    with pytest.raises(InputError, match=r"cannot use the storage: .*journal file"):
        TrialLedger(wrong, "search")


@pytest.mark.parametrize(("url", "driver"), [("postgresql://me:secret@h/x", "psycopg"), ("mysql://h/x", "MySQLdb")])
def test_a_driver_that_is_not_installed_is_named_with_the_way_to_it(monkeypatch, url, driver):
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(
        InputError, match=rf"needs {driver}, which is not installed; .*edgecompress\[postgres\]"
    ) as caught:
        TrialLedger(url, "search")
    assert "secret" not in str(caught.value)
