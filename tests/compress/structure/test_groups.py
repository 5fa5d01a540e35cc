import pytest
import torch
from torch import nn

from edgecompress.compress.structure.groups import remove, trace
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError
from edgecompress.sources.load import network

from .conftest import IMAGE, NETWORKS, recipe, sample, trained


def without_use(module, found, gone):
    """Zero the weights that read these channels: a network of the same shape that does without them."""
    for name, channels in gone.items():
        for member in found[name].members:
            if member.side == "in":
                places = member.positions[list(channels)].reshape(-1)
                with torch.no_grad():
                    module.get_parameter(f"{member.layer}.weight")[:, places] = 0


@pytest.mark.parametrize(("name", "shape"), NETWORKS, ids=str)
def test_without_channels_that_nothing_reads_the_outputs_are_the_same(name, shape):
    module, x = trained(name, shape), sample(shape, 3)
    found = trace(module, x[:1], recipe()).groups
    gone = {group.name: tuple(range(1, group.channels, 3)) for group in found.values()}
    without_use(module, found, gone)
    smaller = network(name, shape, 5, width=0.25).eval()
    load_state(smaller, remove(module, found, gone))
    with torch.no_grad():
        expected, produced = module(x), smaller(x)
    assert produced.shape == (3, 5)
    assert torch.allclose(produced, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    counts = [sum(parameter.numel() for parameter in each.parameters()) for each in (smaller, module)]
    assert counts[0] < 0.6 * counts[1]


def test_flattened_positions_go_with_their_channel(flattened):
    x = sample((1, 8, 8), 2)
    found = trace(flattened, x[:1], recipe()).groups
    assert list(found) == ["0"]
    without_use(flattened, found, {"0": (2, 5)})
    state = remove(flattened, found, {"0": (2, 5)})
    assert state["4.weight"].shape == (3, 6 * 36)
    with torch.no_grad():
        expected = flattened(x)
        load_state(flattened, state)
        assert torch.allclose(flattened(x), expected, atol=1e-5)


def test_what_the_network_puts_out_and_what_goes_in_stays():
    module = trained("resnet18", IMAGE)
    found = trace(module, sample(IMAGE), recipe()).groups
    assert "head" not in found
    assert all(member.layer != "conv1" or member.side == "out" for g in found.values() for member in g.members)
    everywhere = {member.layer for member in found["stage2.0.conv2"].members if member.side == "out"}
    assert everywhere == {"stage2.0.conv2", "stage2.1.conv2", "stage2.0.shortcut.conv"}


def test_dense_layers_are_left_alone_on_both_sides():
    module, x = trained("vgg16bn", IMAGE), sample(IMAGE)
    layers = {"conv3": {"dense": True}, "head": {"dense": True}}
    found = trace(module, x, recipe(layers=layers)).groups
    assert not found.keys() & {"conv2", "conv3", "conv13"}
    gone = {name: tuple(range(8)) for name in found}
    state, before = remove(module, found, gone), module.state_dict()
    for name in ("conv3.weight", "conv3.bias", "head.weight", "head.bias"):
        assert torch.equal(state[name], before[name])
    assert state["conv4.weight"].shape[1] == before["conv4.weight"].shape[1]
    assert state["conv5.weight"].shape[1] == before["conv5.weight"].shape[1] - 8


def test_grouped_convolutions_are_left_alone():
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 4, 3), nn.Flatten(),
        nn.Linear(4 * 16, 3),
    )  # fmt: skip
    traced = trace(module, sample((1, 12, 12)), recipe())
    assert list(traced.groups) == ["2", "3"]
    assert traced.left == {"0": "tied to a grouped convolution", "1": "tied to a grouped convolution"}


def test_a_layer_that_stands_in_two_places_stays_one():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.between, self.head = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 4, 1)
            self.again = self.between

        def forward(self, x):
            return self.head(self.again(self.between(self.first(x)).relu()).relu()).mean((2, 3))

    module, x = Twice().eval(), sample((1, 6, 6))
    found = trace(module, x, recipe()).groups
    gone = dict.fromkeys(found, (1, 4))
    without_use(module, found, gone)
    expected = module(x)
    load_state(module, remove(module, found, gone))
    assert torch.allclose(module(x), expected, atol=1e-5)
    assert module.again.weight is module.between.weight


def test_a_network_that_cannot_be_traced_is_refused_in_a_line():
    class Picky(nn.Sequential):
        def forward(self, x):
            if x.requires_grad or torch.is_grad_enabled():
                raise RuntimeError("only for inference\nand no other use")
            return super().forward(x)

    with pytest.raises(InputError, match=r"follow the channels of Picky: only for inference; leave \[structure\]"):
        trace(Picky(nn.Conv2d(1, 8, 3), nn.Conv2d(8, 4, 3)), sample((1, 8, 8)), recipe())


def test_the_network_that_is_traced_does_not_change():
    module = trained("alexnet", IMAGE).train().requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    remove(module, trace(module, sample(IMAGE), recipe()).groups, {"conv2": (0,)})
    assert module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
