import json

import pytest

from edgecompress.bench.records import BenchRecord
from edgecompress.errors import InputError


def test_a_record_of_another_version_or_with_an_unknown_key_is_refused(measured, tmp_path):
    document = json.loads(measured[1].read_text())
    for changed, word in (({"schema_version": 99}, "schema_version"), ({"speed": 1}, "unknown key 'speed'")):
        (tmp_path / "record.json").write_text(json.dumps({**document, **changed}))
        with pytest.raises(InputError, match=word):
            BenchRecord.from_file(tmp_path / "record.json")
