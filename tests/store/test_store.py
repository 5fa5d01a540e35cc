import json
import sqlite3
import subprocess
import sys

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.store.store import open_store

from .contract import holds, later


def test_sqlite_does_what_every_store_does(store, bench_record, manifest):
    holds(store, bench_record, manifest)


def test_the_text_comes_out_as_it_went_in_and_its_layout_makes_no_other_record(store, bench_record):
    laid_out = json.dumps(json.loads(bench_record.to_json()), indent=7, sort_keys=True)
    number, new = store.add(bench_record, laid_out)
    assert new
    assert store.add(bench_record) == (number, False)
    assert store.get(number)[1] == laid_out


def test_an_old_record_is_kept_as_it_was(store, request):
    old = (request.path.parents[1] / "golden" / "bench-1.json").read_text()
    number, _ = store.add(BenchRecord.from_json(old, "old"), old)
    entry, text = store.get(number)
    assert entry.schema_version == 1
    assert text == old


def test_a_beginning_that_several_ids_have_is_refused(store, bench_record):
    numbers = [store.add(later(bench_record, seconds=float(i)))[0] for i in range(17)]  # 16 first digits
    first = next(a[:1] for i, a in enumerate(numbers) if any(b[0] == a[0] for b in numbers[:i]))
    with pytest.raises(InputError, match=f"the id '{first}' can be any of {first}"):
        store.get(first)


def test_what_was_changed_behind_its_back_is_not_handed_out(store, place, bench_record):
    number, _ = store.add(bench_record)
    for document in ('{"schema_version": 2}', "{"):
        with sqlite3.connect(place) as database:
            database.execute("UPDATE edgecompress_records SET document = ?", (document,))
        with pytest.raises(InputError, match="is damaged"):
            store.get(number)


WRITER = """
import sys
from pathlib import Path
from edgecompress.bench.records import BenchRecord
from edgecompress.store.store import open_store
record = BenchRecord.from_file(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for i in range(8):
    with open_store(sys.argv[2]) as store:
        store.add(record.model_copy(update={"seconds": float(i)}))
        store.add(record.model_copy(update={"seconds": float(i), "tool_version": sys.argv[3]}))
"""


def write_together(where, golden):
    """Two processes that start to write at the same moment, some records the same and some their own."""
    command = [sys.executable, "-c", WRITER, str(golden), where]
    writers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    with open_store(where) as store:
        found = store.find()
        assert len(found) == 24
        assert all(store.get(entry.id)[0].runtimes == ("litert", "onnxruntime") for entry in found)


def test_two_processes_write_at_the_same_time_and_nothing_is_lost(place, request):
    write_together(str(place), request.path.parents[1] / "golden" / "bench-1.json")


def test_a_store_that_is_none_is_one_line(tmp_path, bench_record):
    (tmp_path / "text").write_text("no database, but long enough to be looked at\n" * 100)
    for where, line in (
        (tmp_path / "text", "cannot be used: file is not a database"),
        (tmp_path / "text" / "below", "cannot make a store in"),
        (tmp_path, "cannot be used: unable to open"),
    ):
        with pytest.raises(InputError, match=line) as caught, open_store(str(where)) as store:
            store.add(bench_record)
        assert str(where) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_reading_makes_no_store(place):
    with pytest.raises(InputError, match="there is no store in"), open_store(str(place), create=False):
        pass
    assert not place.parent.exists()


def test_a_store_of_a_newer_layout_is_refused(store, place):
    with sqlite3.connect(place) as database:
        database.execute("INSERT INTO edgecompress_layout VALUES (99)")
    with pytest.raises(InputError, match="layout 99, newer than"), open_store(str(place)):
        pass
