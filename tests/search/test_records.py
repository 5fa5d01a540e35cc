import json

import pytest
from pydantic import ValidationError

from edgecompress.search.records import SearchRecord


def test_a_record_is_the_same_after_a_round_trip_and_refuses_what_it_does_not_know(searched):
    assert SearchRecord.model_validate_json(searched.to_json()) == searched
    with pytest.raises(ValidationError):
        SearchRecord.model_validate({**searched.model_dump(), "test_accuracy": 1.0})


def test_a_record_of_before_metrics_is_of_accuracy(searched):
    old = json.loads(searched.to_json())
    assert {old.pop("metric"), old.pop("better")} == {"accuracy, top-1", "higher"}
    assert SearchRecord.model_validate_json(json.dumps(old)) == searched
