from edgecompress.compare.limits import parse
from edgecompress.compare.records import CompareRecord
from edgecompress.compare.run import compare


def test_to_json_and_back(record):
    found = compare(("a.json", "0" * 64, record), ("b.json", "1" * 64, record), limits=parse("p50>1%"))
    assert CompareRecord.model_validate_json(found.to_json()) == found
