import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress import methods, record
from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError
from edgecompress.record import MIGRATIONS, Record, check_file, parse_json, read_bytes, short_arrays, write_atomically
from edgecompress.records.kinds import KINDS


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
        ('{"name": "a"}', "inner: is missing"),
        ("{", "document: is not JSON"),
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


class Table(Record):
    inner: Inner
    named: dict[str, Inner] | None = None
    rates: tuple[int | str, ...] = ()
    wanted: bool = False


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"inner": {"rate": True}}, r"file: inner\.rate must be a number"),
        ({"inner": {"rate": "5"}}, r"file: inner\.rate must be a number"),
        ({"inner": {"rate": 1}, "named": {"a": {"rate": 2}, "b": {"rate": False}}}, r"file: named\.b\.rate must be"),
        ({"inner": {"rate": 16**5000}}, r"file: inner\.rate: .*an integer too long to be shown"),
        ({"inner": {"rat": 16**5000, "rate": 1}}, r"file: unknown key 'inner\.rat'"),
        ({"inner": {"rate": [16**5000]}}, r"file: inner\.rate: .*an integer too long to be shown"),
    ],
)
def test_a_number_of_a_table_is_a_number_and_one_beyond_all_limits_is_one_line(table, message):
    with pytest.raises(InputError, match=message):
        Table.from_table(table, "file")


def test_what_may_be_a_truth_value_or_text_is_that():
    table = {"inner": {"rate": 1}, "rates": [1, "2", "x"], "wanted": True}
    assert Table.from_table(table, "file").model_dump() == {**table, "named": None, "rates": (1, "2", "x")}


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        Outer.from_file(tmp_path / "absent.json")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


def test_where_a_file_cannot_be_written_is_said_before_the_work(tmp_path):
    (tmp_path / "taken").touch()
    for path, said in (
        (tmp_path / "taken" / "in" / "f", "taken is not a folder that can be written to"),
        (tmp_path / ("m" * 300), "File name too long"),
        (Path("/proc/f"), "/proc is not a folder that can be written to"),
        (tmp_path, "is a folder; name the file to write"),
    ):
        with pytest.raises(InputError, match=said):
            check_file(path)
    check_file(tmp_path / "new" / "f")
    check_file(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


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
    for name, each in KINDS.items():
        for number in range(1, each.version()):
            assert methods.find(MIGRATIONS, f"{name}-{number}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('[]1,-.e\n "\\'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("[1,\n]"), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_arrays_on_one_line_say_the_same(value):
    text = json.dumps(value, indent=2)
    short = short_arrays(text)
    assert json.loads(short) == value
    assert repr(json.loads(short)) == repr(json.loads(text))  # 1 and 1.0 are two things, and so are 0.0 and -0.0


def test_a_thousand_samples_are_one_line():
    text = short_arrays(
        json.dumps({"samples": list(range(1000)), "ratio": [-1.5e-07, 2.0], "names": ["1", "2"]}, indent=2)
    )
    assert len(text.splitlines()) == 8
    assert '"ratio": [-1.5e-07, 2.0]' in text


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_a_deeply_nested_document_is_one_line(tmp_path, text):
    (tmp_path / "deep.json").write_text(text)
    with pytest.raises(InputError):
        parse_json(text, "deep.json")
    with pytest.raises(InputError, match=r"deep\.json"):
        BenchRecord.from_file(tmp_path / "deep.json")


def test_what_is_no_document_is_not_read(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="no regular file"):
        read_bytes(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="it is a folder"):
        read_bytes(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        read_bytes(tmp_path / "absent.json")
    monkeypatch.setattr(record, "MOST_BYTES", 3)
    (tmp_path / "long.json").write_text("[1, 2]")
    with pytest.raises(InputError, match="no record does"):
        read_bytes(tmp_path / "long.json")
