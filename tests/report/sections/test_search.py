from edgecompress.report.sections.search import search


def test_trials_and_what_ran_through_all_stages(found):
    (figure,) = search(found).figures
    states = {row.cells[0].value: row.cells[-1].value for row in figure.table.rows}
    assert states == {
        "trial 0": "on the trials' front",
        "trial 1": "on the trials' front",
        "trial 2": "above the budget",
        "the recipe as given": "does not hold",
        "trial 1, all stages": "chosen",
    }
    assert [row.cells[0].value for row in figure.table.rows if row.stands_out] == ["trial 1, all stages"]
    assert [cell.value for cell in figure.table.rows[0].cells[1:5]] == ["90 50", "4", 20_000, 1.5]
    assert "at most 0.5 points and at most 50,000 bytes" in figure.caption


def test_a_trial_that_was_not_trained_has_no_mark(found):
    (figure,) = search(found).figures
    marks = figure.charts[0].draw(400)["data"]["values"]
    assert sorted(mark["bytes"] for mark in marks) == [20_000, 30_000, 30_500, 60_000]
