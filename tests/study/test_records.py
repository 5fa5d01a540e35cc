import numpy as np
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


def test_drops_are_points_of_the_test_set_from_the_better_of_baseline_and_control():
    def accuracies(control):
        right = {"baseline": 90, "control": control, "pruned": 86, "clustered": 91}
        counts = {name: None if n is None else Count(correct=n, total=200) for name, n in right.items()}
        from_control = control and {"lost": control - 86, "won": 5}
        return Accuracies(**counts, from_baseline={"lost": 4, "won": 5}, from_control=from_control)

    for control, drop in ((None, -0.5), (88, -0.5), (94, 1.5)):
        found = accuracies(control)
        assert (found.drop, found.drop_of_pruning) == (drop, drop + 2.5)
        assert found.drop_from_baseline == -0.5
        # The standard error of the mean of 200 differences of -1, 0 and 1, as NumPy has it.
        lost, won = (8, 5) if drop > 0 else (4, 5)
        differences = np.array([1] * lost + [-1] * won + [0] * (200 - lost - won))
        assert found.drop_error == pytest.approx(100 * differences.std() / 200**0.5)
    with pytest.raises(ValidationError, match="is not what the counts say"):
        Accuracies.model_validate(accuracies(94).model_dump() | {"from_control": {"lost": 5, "won": 5}})


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
