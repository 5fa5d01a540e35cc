import json
from pathlib import Path

from edgecompress.compare.records import CompareRecord

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "compare.json"


def test_the_published_schema_is_the_records():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == CompareRecord.model_json_schema()
