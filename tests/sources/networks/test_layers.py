import math

import pytest
import torch
from torch import nn

from edgecompress import methods
from edgecompress.compress.sparse_kernels import worth_pairs
from edgecompress.errors import InputError
from edgecompress.sources.load import NETWORKS
from edgecompress.sources.networks._layers import scaled

EVERY = methods.choices(NETWORKS)


def made(name: str, **options) -> nn.Module:
    return methods.find(NETWORKS, name)(**{"input_shape": (3, 32, 32), "classes": 10, **options})


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(64, 1, 64), (64, 0.5, 32), (192, 0.75, 144), (64, 0.2, 16), (64, 0.1875, 16), (64, 0.01, 8), (512, 2, 1024)],
)
def test_channels_are_the_nearest_multiple_of_8_and_at_least_8(channels, width, expected):
    assert scaled(channels, width) == expected


@pytest.mark.parametrize("name", EVERY)
def test_half_the_width_is_about_a_quarter_of_the_weights(name):
    full, half = (
        sum(w.numel() for w in made(name, width=width).parameters() if w.ndim > 1 and w.shape[1] > 3)
        for width in (1, 0.5)
    )  # a stem, a depthwise weight or a normalisation is halved
    assert 0.24 < half / full < 0.29


@pytest.mark.parametrize("name", [name for name in EVERY if worth_pairs(made(name))])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 33, 40), (2, 1), (9, 31)])
def test_networks_for_mobile_devices_take_an_input_of_any_size(name, shape):
    network = made(name, input_shape=shape, classes=7, width=0.125).eval()
    assert network(torch.zeros(2, *shape)).shape == (2, 7)


def test_which_networks_sparse_kernels_take():
    mobile = {"ds-cnn", "efficientnet-lite0", "mobilenet-v1", "mobilenet-v2", "mobilenet-v3-small"}
    assert {name for name in EVERY if worth_pairs(made(name))} == mobile


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", [0, -1, math.nan, math.inf])
def test_a_width_that_is_no_positive_number_is_refused(name, width):
    with pytest.raises(InputError, match="width"):
        made(name, width=width)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("shape", [(), (3,), (0, 32, 32), (3, 32, 0), (3, 32, 32, 32)])
def test_a_shape_of_neither_one_nor_two_axes_is_refused(name, shape):
    with pytest.raises(InputError, match="give channels x length or channels x height x width"):
        made(name, input_shape=shape)


@pytest.mark.parametrize("name", EVERY)
def test_no_classes_are_refused(name):
    with pytest.raises(InputError, match="0 classes"):
        made(name, classes=0)


@pytest.mark.parametrize("name", EVERY)
def test_weights_are_initialised_after_he_and_repeat_with_the_seed(name):
    torch.manual_seed(3)
    first = made(name)
    torch.manual_seed(3)
    second = made(name)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    for module in first.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            variance = module.weight.var().item() * fan_in
            expected = 2 if isinstance(module, nn.Conv2d) else 1
            # The estimate's own standard deviation is sqrt(2 / n) of it; the smallest layer has 1,728 weights.
            assert abs(variance / expected - 1) < 5 * (2 / module.weight.numel()) ** 0.5
            assert module.bias is None or not module.bias.any()


@pytest.mark.parametrize("name", EVERY)
def test_two_dimensional_weights_are_laid_out_channels_last(name):
    assert all(
        module.weight.is_contiguous(memory_format=torch.channels_last)
        for module in made(name).modules()
        if isinstance(module, nn.Conv2d)
    )
