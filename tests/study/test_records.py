import pytest
from pydantic import ValidationError

from edgecompress.study.records import Accuracies, CellOutcome, CellRecord, Count, StudyCell


def test_a_record_says_the_same_after_it_was_a_file(record, tmp_path):
    path = tmp_path / "cell.json"
    path.write_text(record.to_json())
    assert CellRecord.from_file(path) == record


def test_a_cell_is_done_with_an_outcome_or_failed_with_an_error(record):
    document = record.model_dump()
    for wrong in ({"outcome": None}, {"error": "no"}, {"state": "failed"}, {"state": "failed", "error": "no"}):
        with pytest.raises(ValidationError, match="a cell that is done has an outcome"):
            CellRecord.model_validate(document | wrong)
    CellRecord.model_validate(document | {"state": "failed", "error": "no", "outcome": None})


def test_no_network_is_right_more_often_than_there_are_samples():
    with pytest.raises(ValidationError, match="more samples"):
        Count(correct=11, total=10)


def test_drops_are_points_of_the_test_set():
    found = Accuracies(
        baseline=Count(correct=90, total=200),
        pruned=Count(correct=86, total=200),
        clustered=Count(correct=91, total=200),
    )
    assert (found.drop_of_pruning, found.drop) == (2.0, -0.5)


def test_the_papers_ratio_is_that_of_weights(record):
    outcome = record.outcome.model_copy(update={"weights_total": 1000, "weights_kept": 100})
    assert isinstance(outcome, CellOutcome)
    assert outcome.weights_ratio == 10


def test_names_tell_all_that_varies():
    cell = StudyCell(
        model="alexnet", data="uci-har", width=1, sparsity=0.9, method="kmeans", bits=4, distill=False, seed=1
    )
    assert cell.name == "alexnet-uci-har-90-kmeans-4bit-seed1"
    changes = [("width", 0.5), ("sparsity", 0.905), ("method", "uniform"), ("bits", 3), ("distill", True), ("seed", 2)]
    assert len({cell.name, *(cell.model_copy(update={key: value}).name for key, value in changes)}) == 7
