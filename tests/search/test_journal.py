import pytest

from edgecompress.errors import InputError
from edgecompress.search.journal import TrialJournal
from edgecompress.search.records import SearchRecord


def test_each_change_is_on_disk_at_once_and_is_gone_on_with(searched, tmp_path):
    empty = searched.model_copy(update={"trials": [], "candidates": []})
    journal = TrialJournal(tmp_path / "a" / "search.json", empty)
    journal.keep(trials=searched.trials[:2])
    assert SearchRecord.from_file(journal.path) == journal.record
    assert TrialJournal(journal.path, empty).record.trials == searched.trials[:2]


def test_a_damaged_file_is_named(searched, tmp_path):
    (tmp_path / "search.json").write_text("{")
    with pytest.raises(InputError, match=r"search\.json"):
        TrialJournal(tmp_path / "search.json", searched)
