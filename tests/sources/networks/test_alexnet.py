import pytest
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.sources.networks.alexnet import alexnet


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_it_is_the_variant_of_2_47_million_parameters():
    assert parameters(alexnet(input_shape=(3, 32, 32), classes=10)) == 2_472_266


def test_the_shapes_between_its_layers(flow):
    assert flow(alexnet(input_shape=(3, 32, 32), classes=10), (3, 32, 32)) == [
        ("conv1", (64, 8, 8)),
        ("pool1", (64, 4, 4)),
        ("conv2", (192, 4, 4)),
        ("pool2", (192, 2, 2)),
        ("conv3", (384, 2, 2)),
        ("conv4", (256, 2, 2)),
        ("conv5", (256, 2, 2)),
        ("pool3", (256, 1, 1)),
        ("head", (10,)),
    ]


def test_the_shapes_between_its_layers_in_one_dimension(flow):
    assert flow(alexnet(input_shape=(9, 128), classes=6), (9, 128)) == [
        ("conv1", (64, 32)),
        ("pool1", (64, 16)),
        ("conv2", (192, 16)),
        ("pool2", (192, 8)),
        ("conv3", (384, 8)),
        ("conv4", (256, 8)),
        ("conv5", (256, 8)),
        ("pool3", (256, 4)),
        ("average", (256, 1)),
        ("head", (6,)),
    ]


@pytest.mark.parametrize("size", [29, 32, 60, 61, 64, 96])
def test_every_size_from_the_smallest_gives_one_vector_of_logits(size):
    for shape in [(3, size, 29), (3, 29, size), (3, size)]:
        assert alexnet(input_shape=shape, classes=7, width=0.125)(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("shape", [(3, 28, 32), (3, 32, 28), (9, 28)])
def test_a_smaller_input_is_refused_with_the_smallest_size(shape):
    smallest = "x".join(["29"] * (len(shape) - 1))
    with pytest.raises(InputError, match=f"smallest input is {shape[0]}x{smallest}"):
        alexnet(input_shape=shape, classes=10)


def test_without_normalisation_its_signal_neither_dies_nor_explodes():
    torch.manual_seed(0)
    logits = alexnet(input_shape=(3, 32, 32), classes=100)(torch.randn(64, 3, 32, 32))
    # He's initialisation holds the mean square of a layer's input; zeros at the borders take some of it away.
    assert 0.05 < logits.std().item() < 2
