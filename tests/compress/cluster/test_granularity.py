import pytest
import torch

from edgecompress.compress.cluster.granularity import Share, shares
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}
WEIGHTS = {"a": torch.ones(64, 3, 3, 3), "b": torch.ones(96, 64), "c": torch.ones(10, 96)}


def recipe(layers=None, **cluster) -> Recipe:
    stages = {"train": STAGE, "prune": {**STAGE, "sparsity": 0.5}, "retrain": STAGE}
    return Recipe.model_validate({**stages, "cluster": {"epochs": 1, "bits": 3, **cluster}, "layers": layers or {}})


def test_each_layer_has_its_own_centroids_by_default():
    found = shares(WEIGHTS, recipe({"b": {"bits": 2}}))
    assert found == [Share(("a",), 3, None, 9), Share(("b",), 2, None, 5), Share(("c",), 3, None, 9)]


def test_the_whole_model_shares_but_for_layers_with_settings_of_their_own():
    assert shares(WEIGHTS, recipe(granularity="model")) == [Share(("a", "b", "c"), 3, None, 9)]
    layers = {"a": {"bits": 4}, "c": {"granularity": "layer"}}
    assert shares(WEIGHTS, recipe(layers, granularity="model")) == [
        Share(("a",), 4, None, 17),
        Share(("c",), 3, None, 9),
        Share(("b",), 3, None, 9),
    ]


def test_a_layer_can_join_the_whole_model_s_centroids():
    assert shares(WEIGHTS, recipe({"[ab]": {"granularity": "model"}}))[-1] == Share(("a", "b"), 3, None, 9)


def test_groups_of_channels_have_their_own_and_the_last_may_be_smaller():
    found = shares(WEIGHTS, recipe({"b": {"group_size": 48}}, granularity="channel-group", group_size=20))
    assert [(share.group_size, share.most) for share in found] == [(20, 33), (48, 17), (20, 9)]


def test_more_values_than_a_palette_holds_are_one_line_that_says_what_would_do():
    with pytest.raises(InputError, match=r"'b' has 12 groups of 8 .* at least 12 or lower cluster.bits") as caught:
        shares(WEIGHTS, recipe(granularity="channel-group", group_size=8, bits=5))
    assert "\n" not in str(caught.value)
    shares(WEIGHTS, recipe(granularity="channel-group", group_size=12, bits=5))
    with pytest.raises(InputError, match="palette"):
        shares(WEIGHTS, recipe(granularity="channel-group", group_size=11, bits=5))
