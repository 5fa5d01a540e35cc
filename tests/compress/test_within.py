import pytest
import torch

from edgecompress.compress import within
from edgecompress.compress.context import state_of
from edgecompress.compress.stages.run import run_all
from edgecompress.errors import CheckError, InputError

EASY = {"cluster__max_drop": 1.0, "cluster__learning_rate": 0.02}


def test_the_smallest_rate_within_the_drop_is_taken_and_all_that_were_tried_are_kept(network, context):
    module = network()
    found = within.within(module, context(**EASY), trained=False)
    rates = [each.rate for each in found.attempts]
    assert rates == sorted(rates, reverse=True)
    holding = [each.rate for each in found.attempts if each.drop.points <= 1.0]
    assert found.chosen.rate == min(holding) < max(rates)
    for each in found.attempts:
        assert each.made.stages[0].accuracy - each.made.stages[-1].accuracy == pytest.approx(each.drop.points)
        assert each.drop.low <= each.drop.points <= each.drop.high
    state = state_of(module)
    assert all(torch.equal(found.chosen.made.last[name], tensor) for name, tensor in state.items())


def test_a_build_to_a_rate_that_was_tried_finds_it(network, context):
    found = within.within(network(), context(**EASY), trained=False)
    settings = {"cluster__rate": found.attempts[0].rate, "cluster__learning_rate": 0.02}
    made = run_all(network(), context(**settings), trained=False)
    assert made.kept == {"train", "prune", "retrain", "cluster"}


def test_where_nothing_holds_the_line_says_what_would(network, context):
    asked = context(**{**EASY, "cluster__max_drop": 0.0}, prune__sparsity=0.99, retrain__epochs=0, cluster__epochs=0)
    with pytest.raises(CheckError, match=r"no rate keeps within a drop of 0 points: .* allow more"):
        within.within(network(), asked, trained=False)


def test_without_classes_there_is_nothing_to_judge_by(network, context):
    asked = context(**EASY)
    object.__setattr__(asked, "validation", (asked.validation[0], torch.empty(0, dtype=torch.int64)))
    with pytest.raises(InputError, match="no classes"):
        within.within(network(), asked, trained=False)


def test_the_stages_alone_take_no_drop(network, context):
    with pytest.raises(InputError, match=r"set cluster\.rate"):
        run_all(network(), context(**EASY), trained=False)
