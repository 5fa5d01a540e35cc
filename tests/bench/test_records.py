import json
from pathlib import Path

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "record.json"


def test_the_published_schema_is_the_records():
    made = json.dumps(BenchRecord.model_json_schema(), indent=2) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == made, f"write {SCHEMA.name} anew"


def test_a_record_of_another_version_or_with_an_unknown_key_is_refused(measured, tmp_path):
    document = json.loads(measured[1].read_text())
    for changed, word in (({"schema_version": 99}, "schema_version"), ({"speed": 1}, "unknown key 'speed'")):
        (tmp_path / "record.json").write_text(json.dumps({**document, **changed}))
        with pytest.raises(InputError, match=word):
            BenchRecord.from_file(tmp_path / "record.json")
