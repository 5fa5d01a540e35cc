import pytest
from pydantic import ValidationError

from edgecompress.compress.record import StageResult


def test_a_result_survives_json_and_refuses_what_is_no_number():
    result = StageResult(stage="prune", epochs=2, seconds=1.5, validation_accuracy=91.5, sparsity=0.9, distinct_max=12)
    assert StageResult.model_validate_json(result.to_json()) == result
    with pytest.raises(ValidationError):
        result.model_validate({**result.model_dump(), "validation_accuracy": float("nan")})
