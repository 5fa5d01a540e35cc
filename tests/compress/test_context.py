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


def test_what_a_stage_left_as_it_was_is_in_memory_once():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    with torch.no_grad():
        network[2].weight.zero_()
    known = state_of(network)
    with torch.no_grad():
        network[1].weight.add_(1)
        network[2].weight.neg_()  # zeros of another sign are other bits
    state = state_of(network, known)
    assert {name for name in state if state[name] is known[name]} == state.keys() - {"1.weight", "2.weight"}
    assert torch.equal(state["1.weight"], known["1.weight"] + 1)
    assert torch.signbit(state["2.weight"]).all()
    smaller = state_of(nn.Sequential(nn.Linear(1, 2)), known)
    assert smaller["0.weight"].shape == (2, 1)
