"""Cells that were computed and written when version 2 was what a study wrote."""

import copy
import json
from pathlib import Path

from edgecompress.migrations.cell_2 import cell_2
from edgecompress.study.records import CellRecord

OLD = Path(__file__).parents[1] / "golden" / "cell-2.json"


def test_a_cell_of_version_2_has_no_control_and_its_drop_is_from_the_baseline():
    record, old = CellRecord.from_file(OLD), json.loads(OLD.read_text())["outcome"]
    accuracy = record.outcome.accuracy
    assert accuracy.control is accuracy.from_baseline is accuracy.drop_error is None
    assert accuracy.dense == accuracy.baseline
    assert accuracy.drop == accuracy.drop_from_baseline
    # The seconds of what came from the cache were not recorded, and are not made up.
    assert record.outcome.seconds == old["seconds"]
    assert record.outcome.budget.recipe is None
    assert record.outcome.cached == ("train", "prune", "retrain")
    assert all(record.outcome.seconds[stage] is None for stage in record.outcome.cached)


def test_a_failed_cell_has_no_outcome_and_the_document_given_is_not_changed():
    document = json.loads(OLD.read_text()) | {"state": "failed", "error": "no data", "outcome": None}
    before = copy.deepcopy(document)
    assert CellRecord.from_json(json.dumps(document), "it").outcome is None
    assert cell_2(document) == document | {"schema_version": 3}
    assert document == before
