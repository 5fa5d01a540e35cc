import pytest
from pydantic import ValidationError

from edgecompress.compress.details import Details
from edgecompress.compress.record import StageResult


def test_a_result_survives_json_and_refuses_what_is_no_number():
    result = StageResult(stage="prune", epochs=2, seconds=1.5, validation_accuracy=91.5, sparsity=0.9, distinct_max=12)
    assert StageResult.model_validate_json(result.to_json()) == result
    with pytest.raises(ValidationError):
        result.model_validate({**result.model_dump(), "validation_accuracy": float("nan")})


def test_what_was_left_alone_is_said_with_the_stage():
    plain = StageResult(stage="structure", epochs=0, seconds=0, validation_accuracy=None, sparsity=0, distinct_max=0)
    assert plain.left_alone is None
    cut = plain.model_copy(update={"details": Details(left_alone="'0' (tied to a GroupNorm)")})
    assert cut.left_alone == "structure: left alone: '0' (tied to a GroupNorm)"
