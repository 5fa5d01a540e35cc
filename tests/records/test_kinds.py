import json
from pathlib import Path

import pytest

from edgecompress.errors import InputError
from edgecompress.records import kinds, schemas
from edgecompress.store.store import open_store

ROOT = Path(__file__).parents[2]
OLD = ROOT / "tests" / "golden" / "bench-1.json"
MANIFEST = ROOT / "results" / "alexnet-digits" / "manifest.json"


def test_no_document_that_does_not_say_its_kind_is_of_two():
    for name, each in kinds.KINDS.items():
        fields = each.model_fields
        assert all(fields[mark].is_required() for mark in each.marks)
        for other in kinds.KINDS.values():
            assert other is each or not other.marks <= set(fields), f"{name} looks like {other.kind_name()}"


def test_every_kind_has_a_schema_of_its_name():
    assert {name: each.record for name, each in schemas.DOCUMENTS.items()}.items() >= kinds.KINDS.items()
    assert set(kinds.STORED) == {"bench", "manifest", "search", "cell", "micro"}


def test_a_record_is_known_by_the_kind_that_it_says_and_an_older_one_by_what_it_holds():
    for path, kind in ((OLD, "bench"), (MANIFEST, "manifest")):
        record, text = kinds.read_file(path)
        assert "kind" not in json.loads(text)
        assert record.kind == kind
        written = json.loads(record.to_json())
        assert list(written)[:2] == ["kind", "schema_version"]
        assert kinds.kind_of(written) is kinds.kind_of({"kind": kind}) is type(record)
        with pytest.raises(InputError, match="search"):
            kinds.read(json.dumps(written | {"kind": "search"}), "it")


@pytest.mark.parametrize(
    ("text", "line"),
    [("{", "is not JSON"), ("[1]", "is no record"), ("3", "is no record"), ('{"schema_version": 1}', "is no record")],
)
def test_what_is_no_record_is_one_line(tmp_path, text, line):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(InputError, match=line) as caught:
        kinds.read_file(tmp_path / "r.json")
    assert str(tmp_path / "r.json") in str(caught.value)
    (tmp_path / "r.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot read"):
        kinds.read_file(tmp_path / "r.json")


def test_a_record_is_named_by_its_file_or_by_its_id(tmp_path):
    where = str(tmp_path / "store")
    with open_store(where) as store:
        number, _ = store.add(*kinds.read_file(OLD))
    by_file, by_id = kinds.load(str(OLD), where), kinds.load(number[:9], where)
    assert by_file.record == by_id.record
    assert by_file.id == by_id.id == number
    with pytest.raises(InputError, match="there is no such file"):
        kinds.load("no/such.json", where)
    with pytest.raises(InputError, match="has the id 'abcdef'"):
        kinds.load("abcdef", where)
    with pytest.raises(InputError, match="switched off"):
        kinds.load("abcdef", "none")


def test_a_newer_record_in_the_store_is_refused_by_its_id(tmp_path):
    record, text = kinds.read_file(OLD)
    newer = json.dumps({**json.loads(text), "schema_version": 99})
    with open_store(str(tmp_path / "store")) as store:
        number, _ = store.add(record, newer)
    with pytest.raises(InputError, match=f"record {number[:12]}: schema_version 99 .* newer"):
        kinds.load(number, str(tmp_path / "store"))
