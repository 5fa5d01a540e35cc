from dataclasses import replace

import pytest
import torch

from edgecompress.compress.stages.run import run_all
from edgecompress.errors import InputError
from edgecompress.progress import silent
from edgecompress.search.limits import Limits
from edgecompress.search.run import allocation
from edgecompress.search.searchable import searchable
from edgecompress.search.trial import with_settings

from .conftest import LIMITS, context, network


def test_the_winner_holds_and_is_no_larger_than_the_recipe_s_own_file(searched):
    own = searched.candidates[0]
    assert own.trial is None
    assert own.holds
    best = searched.candidates[searched.chosen]
    assert best.drop <= LIMITS.max_drop
    assert best.bytes <= own.bytes
    assert best.bytes == min(each.bytes for each in searched.candidates if each.holds)
    assert best.drop == pytest.approx(searched.dense_accuracy - best.accuracy)


def test_the_front_is_kept_and_no_trial_beats_it(searched):
    on_front = [searched.trials[number] for number in searched.front]
    assert on_front
    for trial in searched.trials:
        assert any(each.bytes <= trial.bytes and each.drop <= trial.drop for each in on_front)
    assert len(searched.trials) == LIMITS.trials


def test_the_winner_s_recipe_ends_with_the_same_weights_without_training_again(searched, folder):
    best = searched.candidates[searched.chosen]
    settings = {} if best.trial is None else searched.trials[best.trial].layers
    said = []
    given = context(folder, progress=lambda title, done, total, note="", /: said.append(note))
    given = replace(given, recipe=with_settings(given.recipe, settings))
    made = run_all(network(), given, trained=False)
    assert set(said) == {"kept from an earlier run"}
    assert made.stages[-1].validation_accuracy == best.accuracy


def test_a_search_that_was_killed_goes_on_and_ends_like_one_that_was_not(searched, again):
    assert [trial.origin for trial in searched.trials][-2:] == ["sampled", "sampled"]

    def killed_in(trial):
        def progress(title, done, total, note="", /):
            if title == "search" and done == trial and ": prune" in note:
                raise KeyboardInterrupt

        return progress

    for at in (1, 9):
        with pytest.raises(KeyboardInterrupt):
            again("killed.json", progress=killed_in(at))
    assert again("killed.json") == searched
    assert again("killed.json", Limits(3.0, None, 4)).trials == searched.trials[:4]


def test_where_nothing_holds_none_is_chosen_and_the_front_is_there(again):
    found = again("none.json", Limits(0.0, 1500, 2), search={"steps": 0, "sparsities": [0.9], "bits": [2]})
    assert found.chosen is None
    assert not any(each.holds for each in found.candidates)
    assert found.trials[0].drop is not None  # the recipe's own, whatever the budget
    assert found.trials[1].stopped == "over the size budget before training"


def test_the_recipe_s_own_allocation_is_what_its_network_has(start):
    subject, made = start(layers={"narrow": {"bits": 7, "sparsity": 0.25}})
    own = allocation(searchable(subject.network, subject.recipe), subject.recipe, made.last)
    assert own.settings()["narrow"].sparsity == 0.25
    assert [place.bits for place in own.places] == [5, 5, 7]
    zeros = sum(int(torch.sum(made.last[layer.parameter] == 0)) for layer in own.layers)
    found = sum(
        round(setting.sparsity * layer.weights)
        for layer, setting in zip(own.layers, own.settings().values(), strict=True)
    )
    assert found == zeros


def test_a_recipe_that_leaves_nothing_to_search_is_refused(again):
    with pytest.raises(InputError, match="leaves no layer"):
        again("dense.json", layers={"*": {"dense": True}}, progress=silent)
