import pytest
import torch

from edgecompress.errors import InputError
from edgecompress.sources.networks.vgg19bn import vgg19bn


def test_it_is_the_variant_of_20_04_million_parameters():
    network = vgg19bn(input_shape=(3, 32, 32), classes=10)
    assert sum(weight.numel() for weight in network.parameters()) == 20_040_522


def test_the_shapes_between_its_layers_are_those_of_the_paper_s_table_1(flow):
    table, number = [], 0
    for stage, (count, channels) in enumerate(zip((2, 2, 4, 4, 4), (64, 128, 256, 512, 512), strict=True), start=1):
        size = 32 >> (stage - 1)
        for _ in range(count):
            number += 1
            table.append((f"conv{number}", (channels, size, size)))
        table.append((f"pool{stage}", (channels, size // 2, size // 2)))
    assert number == 16
    table.append(("head", (10,)))
    assert flow(vgg19bn(input_shape=(3, 32, 32), classes=10), (3, 32, 32)) == table


def test_a_window_of_128_steps_ends_as_4_that_are_averaged(flow):
    table = flow(vgg19bn(input_shape=(9, 128), classes=6), (9, 128))
    assert table[-3:] == [("pool5", (512, 4)), ("average", (512, 1)), ("head", (6,))]


@pytest.mark.parametrize("size", [32, 63, 64, 65])
def test_every_size_from_the_smallest_gives_one_vector_of_logits(size):
    for shape in [(1, size, 32), (1, 32, size), (1, size)]:
        assert vgg19bn(input_shape=shape, classes=7, width=0.125).eval()(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("shape", [(1, 31, 32), (9, 31)])
def test_a_smaller_input_is_refused_with_the_smallest_size(shape):
    smallest = "x".join(["32"] * (len(shape) - 1))
    with pytest.raises(InputError, match=f"vgg19bn: .* smallest input is {shape[0]}x{smallest}"):
        vgg19bn(input_shape=shape, classes=10)
