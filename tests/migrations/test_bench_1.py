"""A record that was measured and written when version 1 was what bench wrote (its raw times cut to 700 a file)."""

import copy
import json
from pathlib import Path

from edgecompress.bench.records import BenchRecord
from edgecompress.migrations.bench_1 import bench_1

OLD = Path(__file__).parents[1] / "golden" / "bench-1.json"


def test_a_record_of_version_1_is_read_with_everything_it_says():
    record, document = BenchRecord.from_file(OLD), json.loads(OLD.read_text())
    assert record.schema_version == 2
    assert record.bundle.data_sha256 is None
    assert record.bundle.eval_sha256 is None
    assert_holds(json.loads(record.to_json()), {**document, "schema_version": 2})


def assert_holds(found, expected):
    """Everything of ``expected`` is in ``found``, which may have keys that were added since."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_holds(found[key], value)
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            assert_holds(one, other)
    else:
        assert found == expected


def test_the_document_given_is_not_changed():
    document = json.loads(OLD.read_text())
    before = copy.deepcopy(document)
    bench_1(document)
    assert document == before
