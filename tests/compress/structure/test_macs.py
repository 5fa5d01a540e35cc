import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from edgecompress.compress.structure.groups import remove, trace
from edgecompress.compress.structure.macs import costs, macs
from edgecompress.compress.structure.shapes import load_state

from .conftest import NETWORKS, recipe, sample, trained


def counted_by_torch(module, x) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(x)
    return counter.get_total_flops() // 2  # a multiplication and an addition


@pytest.mark.parametrize(("name", "shape"), NETWORKS, ids=str)
def test_multiply_accumulates_are_those_that_torch_counts_before_and_after_removal(name, shape):
    module, x = trained(name, shape), sample(shape)
    assert macs(module, x) == counted_by_torch(module, x)
    found = trace(module, x, recipe()).groups
    each = costs(module, x, found)
    channels = {group.name: group.channels for group in found.values()}
    assert sum(cost.of(channels) for cost in each) == macs(module, x)
    gone = {group.name: tuple(range(0, group.channels, 2 + number % 3)) for number, group in enumerate(found.values())}
    load_state(module, remove(module, found, gone))
    left = {name: count - len(gone[name]) for name, count in channels.items()}
    assert sum(cost.of(left) for cost in each) == macs(module, x) == counted_by_torch(module, x)


def test_counting_changes_nothing(flattened):
    flattened.train()
    mean = flattened[1].running_mean.clone()
    assert macs(flattened, sample((1, 8, 8))) == 8 * 9 * 36 + 8 * 36 * 3
    assert flattened.training
    assert torch.equal(flattened[1].running_mean, mean)
    assert not flattened[0]._forward_hooks
