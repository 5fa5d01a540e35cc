import json
import os
import stat
from pathlib import Path

import pytest

from edgecompress import methods
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.record import MIGRATIONS, Record, write_atomically
from edgecompress.records.kinds import CLASSES


class Inner(Record):
    rate: float


class Outer(Record):
    name: str
    inner: Inner


def test_json_and_back(tmp_path):
    record = Outer(name="a", inner=Inner(rate=0.1))
    (tmp_path / "r.json").write_text(record.to_json())
    assert Outer.from_file(tmp_path / "r.json") == record


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"name": "a", "inner": {"rate": 1, "rat": 2}}', "unknown key 'inner.rat'"),
        ('{"name": "a", "inner": {"rate": "fast"}}', r"inner\.rate: .*given 'fast'"),
        ('{"name": "a"}', "inner: Field required"),
        ("{", "document: Invalid JSON"),
        ('{"name": "a", "inner": {"rate": NaN}}', "finite"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path, text, message):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        Outer.from_file(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        Outer.from_file(tmp_path / "absent.json")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_a_written_file_has_the_usual_permissions(tmp_path):
    umask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "deep" / "f", b"x")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "deep" / "f").stat().st_mode) == 0o640


OLD = Path(__file__).parent / "golden" / "bench-1.json"


def written(tmp_path, **changed):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**json.loads(OLD.read_text()), **changed}))
    return path


def test_a_newer_version_is_refused_in_one_line_that_says_what_to_do(tmp_path):
    newer = BenchRecord.version() + 1
    with pytest.raises(InputError, match=f"schema_version {newer} .* newer .* install a newer") as caught:
        BenchRecord.from_file(written(tmp_path, schema_version=newer))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema_version": "1"}, "schema_version"),
        ({"schema_version": 0}, "schema_version"),
        ({"bundle": 3}, "no bench record of version 1"),
        ({"speed": 1}, "unknown key 'speed'"),
    ],
)
def test_a_damaged_old_record_is_one_line(tmp_path, changed, message):
    with pytest.raises(InputError, match=message):
        BenchRecord.from_file(written(tmp_path, **changed))


def test_every_older_version_of_every_kind_has_a_step_to_the_next():
    for each in CLASSES:
        for number in range(1, each.version()):
            assert methods.find(MIGRATIONS, f"{each.kind}-{number}")
