import json

import pytest
from pydantic import ValidationError

from edgecompress.compress.details import Details, StructureDetails, StructureRound
from edgecompress.compress.record import StageResult

KNOWN = {"epochs": 1, "seconds": 1.0, "validation_accuracy": 90.0, "sparsity": 0.5, "distinct_max": 9}
CUT = {
    "criterion": "taylor",
    "rounds": 2,
    "macs_before": 100,
    "macs_after": 25,
    "parameters_before": 10,
    "parameters_after": 5,
    "channels": "0:4",
}


def read(stage, details):
    return StageResult.model_validate_json(json.dumps({"stage": stage, **KNOWN, "details": details}))


def test_each_stage_s_details_are_of_its_type_and_come_back_as_they_were():
    documents = {
        "train": {"source": "checkpoint"},
        "structure": {**CUT, "measured": [{"macs": 0.5, "accuracy": 91.0}]},
        "prune": {"criterion": "magnitude", "schedule": "cubic", "scope": "global"},
        "retrain": {"rewind": "rate", "from_epoch": 1},
        "cluster": {"method": "kmeans", "bits": 4, "granularity": "layer", "rate": 0.25, "left_alone": "2 layers"},
    }
    for stage, document in documents.items():
        made = read(stage, document)
        assert type(made.details) is not Details
        assert json.loads(made.model_dump_json())["details"] == document
    assert made.left_alone == "cluster: left alone: 2 layers"


def test_what_is_none_is_as_good_as_not_given():
    given = StructureDetails(**CUT, left_alone=None, measured=(StructureRound(macs=0.5, latency=None),))
    assert StructureDetails.model_validate_json(given.model_dump_json()) == given


def test_rounds_that_were_written_by_numbered_keys_are_read():
    old = {**CUT, "round_1_macs": 0.5, "round_1_accuracy": 91.0, "round_2_macs": 0.25, "round_2_latency": 0.4}
    told = read("structure 2/2", old).details
    assert told.measured == (StructureRound(macs=0.5, accuracy=91.0), StructureRound(macs=0.25, latency=0.4))
    assert told.macs_ratio == 4


def test_a_misspelt_key_is_refused_and_an_unknown_stage_tells_what_it_will():
    with pytest.raises(ValidationError, match="sparsty"):
        read("prune", {"criterion": "magnitude", "scope": "global", "sparsty": 0.9})
    assert read("halve", {"factor": 0.5}).details.factor == 0.5
    with pytest.raises(ValidationError):
        read("halve", {"factor": [0.5]})
    assert isinstance(StructureDetails(**CUT), Details)
