import pytest
import torch
from torch import nn

from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import CheckError
from edgecompress.sources.load import network

from .conftest import NETWORKS, sample, trained


@pytest.mark.parametrize(("name", "shape"), NETWORKS, ids=str)
def test_a_network_takes_the_state_of_a_narrower_or_a_wider_one(name, shape):
    narrow, wide, x = trained(name, shape, 0.125), trained(name, shape, 0.375), sample(shape, 2)
    module = network(name, shape, 5, width=0.25).eval()
    for other in (narrow, wide):
        load_state(module, other.state_dict())
        with torch.no_grad():
            assert torch.equal(module(x), other(x))
        assert str(module) == str(other)  # the sizes that layers say they have


def test_what_has_its_shape_already_is_the_same_tensor():
    module = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 3))
    kept, replaced = module[1].bias, module[1].weight
    state = {**module.state_dict(), "0.weight": torch.ones(5, 4), "0.bias": torch.ones(5), "1.weight": torch.ones(3, 5)}
    load_state(module, state)
    assert module[1].bias is kept
    assert module[1].weight is not replaced
    assert torch.equal(module(torch.ones(1, 4)), 25 + kept[None])


def test_layers_that_have_no_channels_are_refused():
    module = nn.Sequential(nn.LayerNorm(4))
    with pytest.raises(CheckError, match=r"'0.weight' has shape \[3\]"):
        load_state(module, {"0.weight": torch.ones(3), "0.bias": torch.ones(3)})
