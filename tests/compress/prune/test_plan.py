import pytest
import torch

from edgecompress.compress.prune.patterns import NOfM, parse
from edgecompress.compress.prune.plan import plan
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}
WEIGHTS = {"stem": torch.zeros(8, 3, 3, 3), "body": torch.zeros(8, 8, 3, 3), "head": torch.zeros(10, 8)}


def recipe(layers=None, **changes) -> Recipe:
    stages = {"train": STAGE, "retrain": STAGE, "cluster": {"epochs": 1, "bits": 4}}
    return Recipe.model_validate({**stages, "prune": {**STAGE, "sparsity": 0.5, **changes}, "layers": layers or {}})


def test_without_anything_said_every_layer_shares_and_any_weight_may_go():
    made = plan(WEIGHTS, recipe())
    assert {str(pattern) for pattern in made.patterns.values()} == {"unstructured"}
    assert made.own == {}
    assert made.schedule(0.5, 0.8) == pytest.approx(0.8 * 0.875)


def test_layers_have_patterns_and_sparsities_of_their_own():
    layers = {"stem": {"pattern": "unstructured", "sparsity": 0.3}, "head": {"pattern": "5x1"}}
    made = plan(WEIGHTS, recipe(layers, pattern="2:4"))
    assert made.patterns == {"stem": parse("unstructured"), "body": NOfM(2, 4), "head": parse("5x1")}
    assert made.own == {"stem": 0.3, "body": 0.5}


@pytest.mark.parametrize(
    ("layers", "changes", "message"),
    [
        ({}, {"scope": "everywhere"}, "unknown scope 'everywhere'; choose from: erk, global, lamp, layer"),
        ({}, {"scope": "lampp"}, "did you mean 'lamp'"),
        ({}, {"criterion": "size"}, "unknown criteria 'size'"),
        ({}, {"schedule": "linear"}, "choose from: cubic, iterative, one-shot"),
        ({}, {"steps": 3}, "unknown option of cubic 'steps'"),
        ({}, {"pattern": "2/4"}, "'2/4' is no pattern"),
        ({}, {"pattern": "2:4"}, "layer 'stem' has 8 output and 3 input channels"),
        ({"head": {"pattern": "4x1"}}, {}, "layer 'head'"),
        ({"body": {"pattern": "2:4", "sparsity": 0.9}}, {}, "pattern 2:4 makes 0.5 of layer 'body' zero"),
        ({"stem": {"dense": True}, "body": {"pattern": "1:4"}}, {"pattern": "2:8", "sparsity": 0.5}, "2:8 makes 0.75"),
        ({}, {"criterion": "taylor", "epochs": 0}, "set prune.epochs to 1 or more"),
        ({}, {"criterion": "movement", "epochs": 0}, "set prune.epochs to 1 or more"),
    ],
)
def test_what_does_not_fit_is_one_line(layers, changes, message):
    weights = {name: weight for name, weight in WEIGHTS.items() if name != "stem" or "stem" not in layers}
    with pytest.raises(InputError, match=message) as caught:
        plan(weights, recipe(layers, **changes))
    assert "\n" not in str(caught.value)


def test_two_thirds_may_be_written_as_0_67():
    made = plan({"a": torch.zeros(2, 6)}, recipe(pattern="1:3", sparsity=0.67))
    assert made.own == {"a": 1 - 1 / 3}


def test_the_steps_of_a_schedule_reach_it():
    made = plan(WEIGHTS, recipe(schedule="iterative", steps=2))
    assert made.schedule(0.0, 0.75) == 0.5
    assert made.schedule(0.5, 0.75) == 0.75
