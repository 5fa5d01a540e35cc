import pytest

from edgecompress.errors import InputError
from edgecompress.library.phases import share_out
from edgecompress.library.recipes import chosen


def test_steps_are_to_each_other_as_the_recipe_s_epochs():
    recipe = chosen({"prune.epochs": 4, "retrain.epochs": 3, "cluster.epochs": 1})
    assert share_out(recipe, 80) == (40, 70)
    assert share_out(chosen({"prune.epochs": 0, "retrain.epochs": 0, "cluster.epochs": 1}), 80) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "steps", "message"),
    [
        ({"structure.macs": 0.5}, 10, "structure is not possible in a loop of one's own"),
        ({"retrain.rewind": "rate"}, 10, "retrain.rewind is not possible"),
        ({"prune.epochs": 0, "retrain.epochs": 0, "cluster.epochs": 0}, 10, "trains nothing"),
        ({}, 0, "total_steps is 0"),
    ],
)
def test_what_a_loop_cannot_have_is_said(changes, steps, message):
    with pytest.raises(InputError, match=message):
        share_out(chosen(changes), steps)
