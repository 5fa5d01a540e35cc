import torch
from torch import nn

from edgecompress.compress.context import state_of


def test_a_state_stays_what_it_was_when_the_network_changes():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    kept = state_of(network)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.add_(1)
    assert kept.keys() == before.keys()
    assert all(torch.equal(kept[name], before[name]) for name in kept)


def test_a_state_is_contiguous_whatever_the_layout():
    network = nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last)
    assert all(tensor.is_contiguous() for tensor in state_of(network).values())
