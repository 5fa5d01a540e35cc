import pytest

from edgecompress.advise.records import MicroRecord
from edgecompress.records.micro import keep_or_write, kept


@pytest.fixture
def record(micro_record):
    return micro_record


def test_what_is_kept_is_found_by_its_network_newest_first(record, tmp_path):
    where = str(tmp_path / "store")
    assert kept(where, "alexnet") == []
    newer = record.model_copy(update={"created": "2999-01-01T00:00:00+00:00"})
    numbers = [keep_or_write(each, where, None, warn=pytest.fail) for each in (record, newer)]
    assert kept(where, "alexnet") == [(numbers[1], newer), (numbers[0], record)]
    assert kept(where, "resnet18") == []
    assert kept("none", "alexnet") == []


def test_a_store_that_fails_loses_nothing(record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    said = []
    number = keep_or_write(record, "file/store", None, warn=said.append)
    (written,) = tmp_path.glob("micro-alexnet-*.json")
    assert MicroRecord.from_file(written) == record
    assert number[:12] in written.name
    assert written.name in said[-1]
    keep_or_write(record, "file/store", tmp_path / "r.json", warn=said.append)
    assert len(list(tmp_path.glob("micro-*.json"))) == 1
