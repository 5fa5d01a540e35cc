import pytest
from pydantic import ValidationError

from edgecompress.study.plan import StudyPlan


def test_it_travels_as_json():
    plan = StudyPlan(study="paper", changes=("width=0.5",), cache_dir="/cache", artefacts="s3://bucket/stages")
    assert StudyPlan.model_validate_json(plan.to_json()) == plan


@pytest.mark.parametrize("wrong", [{"epochs_scale": 0}, {"train_samples": 0}, {"epoch_scale": 1}])
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        StudyPlan(study="paper", **wrong)
