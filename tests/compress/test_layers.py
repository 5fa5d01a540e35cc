import pytest
import torch
from torch import nn

from edgecompress.compress.layers import check_finite, compressible, distinct, named
from edgecompress.errors import CheckError, InputError
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}


def recipe(**layers) -> Recipe:
    stages = {
        "train": STAGE,
        "prune": {**STAGE, "sparsity": 0.5},
        "retrain": STAGE,
        "cluster": {"epochs": 1, "bits": 4},
    }
    return Recipe.model_validate({**stages, "layers": layers})


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def test_convolutions_and_linear_layers_are_compressed_and_nothing_else():
    assert list(compressible(network(), recipe())) == ["0", "3"]
    assert list(compressible(nn.Linear(2, 2), recipe())) == [""]


def test_a_layer_can_be_kept_dense():
    assert list(compressible(network(), recipe(**{"3": {"dense": True}}))) == ["0"]


def test_a_pattern_that_matches_nothing_is_an_error_that_lists_the_layers():
    with pytest.raises(InputError, match="the layers are: 0, 3"):
        compressible(network(), recipe(head={"bits": 3}))


def test_kinds_of_layers_become_their_names():
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 8, 1), nn.Conv2d(8, 8, 1, groups=2),
        nn.Conv1d(2, 2, 1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip
    kinds = {"pointwise": ["2", "4"], "depthwise": ["1"], "conv": ["0", "3"], "linear": ["6"]}
    for kind, names in kinds.items():
        assert list(named(recipe(**{f"kind:{kind}": {"bits": 3}}), module).layers) == names
    # A recipe for many networks names kinds that one of them does not have.
    assert list(compressible(nn.Linear(2, 2), named(recipe(**{"kind:depthwise": {"dense": True}}), nn.Linear(2, 2))))


def test_nan_in_a_buffer_is_found():
    module = network()
    check_finite(module, "now")
    module[1].running_var[0] = float("nan")
    with pytest.raises(CheckError, match=r"1\.running_var"):
        check_finite(module, "now")


def test_distinct_counts_zero_too():
    assert distinct(torch.tensor([0.0, 1.0, 1.0, 2.0])) == 3
