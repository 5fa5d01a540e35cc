import pytest
import torch

from edgecompress.compress.structure.contract import Work
from edgecompress.compress.structure.cutting import cut, dense
from edgecompress.compress.structure.groups import trace
from edgecompress.compress.structure.macs import costs, macs
from edgecompress.compress.structure.search import MeasuredRatio
from edgecompress.errors import InputError
from edgecompress.sources.load import network

from .conftest import IMAGE, NETWORKS, recipe, sample, trained


def work(given, shape, latency=None) -> Work:
    return Work(
        recipe=given,
        sample=sample(shape),
        batches=lambda number: [(sample(shape, 4), torch.arange(4))],
        judge=lambda: 0.0,
        latency=latency,
        retrain=lambda title, checkpoint: None,
    )


@pytest.mark.parametrize(("name", "shape"), NETWORKS, ids=str)
def test_macs_reach_the_target_channels_are_aligned_and_the_network_runs(name, shape):
    module, given = trained(name, shape, 0.5), recipe(macs=0.3, rounds=1, layer_limit=0.8)
    begin = dense(module, sample(shape), given)
    said = cut(module, work(given, shape), begin, 1, None)
    assert 0.2 < macs(module, sample(shape)) / begin.macs <= 0.3
    assert said.macs_after == macs(module, sample(shape))
    whole = dict(trained(name, shape, 0.5).named_modules())
    for layer, made in module.named_modules():
        if isinstance(made, torch.nn.Conv1d | torch.nn.Conv2d):
            assert made.out_channels % 8 == 0
            assert made.out_channels >= 0.2 * whole[layer].out_channels
    assert f"conv1:{module.conv1.out_channels}" in said.channels
    with torch.no_grad():
        assert module(sample(shape, 2)).shape == (2, 5)


def test_channels_that_are_zero_go_first_and_the_outputs_stay():
    module, x = trained("vgg16bn", IMAGE), sample(IMAGE, 3)
    found = trace(module, x[:1], recipe()).groups
    left = {name: group.channels for name, group in found.items()} | {"conv5": 48, "conv9": 112}
    target = sum(cost.of(left) for cost in costs(module, x[:1], found)) / macs(module, x[:1])
    given = recipe(macs=target + 1e-9, rounds=1, criterion="l2")
    with torch.no_grad():
        for number, reads in ((5, "conv6"), (9, "conv10")):
            for layer in (f"conv{number}", f"norm{number}"):
                module.get_parameter(f"{layer}.weight")[3:19] = 0
                module.get_parameter(f"{layer}.bias")[3:19] = 0
            module.get_parameter(f"{reads}.weight")[:, 3:19] = 0
        expected = module(x)
        cut(module, work(given, IMAGE), dense(module, x[:1], given), 1, None)
        assert module.conv5.out_channels == 48
        assert module.conv9.out_channels == 112
        assert torch.allclose(module(x), expected, atol=1e-4 * float(expected.abs().max()))


def test_what_cannot_be_reached_is_said_with_what_can():
    module = network("alexnet", IMAGE, 5, width=0.25)
    with pytest.raises(InputError, match=r"structure.macs = 0.01 cannot be reached: at least 0.\d+ of"):
        dense(module, sample(IMAGE), recipe(macs=0.01))
    with pytest.raises(InputError, match="no channel may go"):
        dense(module, sample(IMAGE), recipe(layers={"*": {"dense": True}}))
    slow = recipe(latency=0.2, macs=None)
    begin = dense(module, sample(IMAGE), slow)
    with pytest.raises(InputError, match=r"latency = 0.2 cannot be reached in onnxruntime: .* 0.300 .*0.290 to 0.310"):
        cut(module, work(slow, IMAGE, lambda network: MeasuredRatio(0.3, 0.29, 0.31)), begin, 1, None)


def test_a_latency_is_reached_by_measuring_the_networks_themselves():
    module, given = trained("resnet18", IMAGE), recipe(latency=0.5, macs=None, rounds=1, align=2, criterion="l2")
    begin, seen = dense(module, sample(IMAGE), given), []

    def latency(candidate) -> MeasuredRatio:
        ratio = (macs(candidate, sample(IMAGE)) / begin.macs) ** 0.8
        seen.append(ratio)
        return MeasuredRatio(ratio, ratio - 0.002, ratio + 0.002)

    said = cut(module, work(given, IMAGE, latency), begin, 1, None)
    assert (macs(module, sample(IMAGE)) / begin.macs) ** 0.8 == said.latency_ratio <= 0.498
    assert said.latency_ratio > 0.45
    assert said.latency_ratio in seen
    assert said.smallest_latency_ratio == seen[0] == min(seen)
