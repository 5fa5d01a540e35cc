import pytest

from edgecompress.search import candidates
from edgecompress.search.candidates import candidate, run_candidates, titled
from edgecompress.search.limits import Limits
from edgecompress.search.records import Candidate, Trial


def trial(number, size, drop):
    return Trial(number=number, origin="sampled", parameters={}, layers={}, bytes=size, drop=drop)


FRONT = [trial(1, 100, 9.0), trial(2, 200, 3.0), trial(0, 250, 2.0), trial(3, 300, 1.0), trial(4, 400, 0.0)]


@pytest.fixture
def runs(monkeypatch):
    """Which trials run, where those from 200 bytes hold."""
    ran = []

    class Stub:
        recipe = type("R", (), {"search": type("S", (), {"candidates": 3})})
        context = type("C", (), {"progress": None})

        def full(self, recipe, progress):
            return None

    def judged(subject, made, limits, number):
        ran.append(number)
        size = 100 * number
        return Candidate(trial=number, bytes=size, accuracy=0, drop=0, holds=size >= 200)

    monkeypatch.setattr(candidates, "candidate", judged)
    monkeypatch.setattr(candidates, "with_settings", lambda recipe, layers: recipe)
    return Stub(), ran


def own(size, holds):
    return Candidate(trial=None, bytes=size, accuracy=0, drop=0, holds=holds)


def test_the_smallest_that_should_hold_goes_first_then_what_is_smaller(runs):
    subject, ran = runs
    run_candidates(subject, FRONT, own(500, True), Limits(1, None, 4), allowed=1.5)
    assert ran == [3, 2, 1]


def test_what_is_not_smaller_than_a_recipe_that_holds_or_over_the_budget_is_not_run(runs):
    subject, ran = runs
    run_candidates(subject, FRONT, own(200, True), Limits(1, None, 4), allowed=1.5)
    assert ran == [1]
    run_candidates(subject, FRONT, own(150, False), Limits(1, 99, 4), allowed=1.5)
    assert ran == [1]
    run_candidates(subject, FRONT, own(90, True), Limits(1, None, 4), allowed=1.5)
    assert ran == [1]


def test_where_none_should_hold_the_one_of_least_drop_is_tried(runs):
    subject, ran = runs
    run_candidates(subject, FRONT, own(500, False), Limits(0.1, None, 4), allowed=-1.0)
    assert ran[0] == 4


def test_a_candidate_is_judged_on_the_validation_split(start):
    subject, made = start()
    found = candidate(subject, made, Limits(100, None, 1), None)
    assert found.holds
    assert found.accuracy == made.stages[-1].validation_accuracy
    assert found.drop == pytest.approx(made.stages[0].validation_accuracy - found.accuracy)
    assert not candidate(subject, made, Limits(100, found.bytes - 1, 1), None).holds


def test_titles_say_which_candidate_it_is():
    said = []
    titled("candidate 2", lambda *each: said.append(each))("prune", 1, 2, "note")
    assert said == [("candidate 2: prune", 1, 2, "note")]
