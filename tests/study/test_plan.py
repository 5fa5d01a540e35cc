import pytest
from pydantic import ValidationError

from edgecompress.study.plan import Plan


def test_it_travels_as_json():
    plan = Plan(study="paper", changes=("width=0.5",), cache_dir="/cache", artefacts="s3://bucket/stages")
    assert Plan.model_validate_json(plan.to_json()) == plan


@pytest.mark.parametrize("wrong", [{"epochs_scale": 0}, {"train_samples": 0}, {"epoch_scale": 1}])
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        Plan(study="paper", **wrong)
