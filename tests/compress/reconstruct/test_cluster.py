import pytest
import torch

from edgecompress.compress.reconstruct.cluster import cluster
from edgecompress.errors import CheckError
from edgecompress.progress import silent


def clustered(normed, context, **changes):
    teacher, module = normed(), normed()
    with torch.no_grad():
        for name in ("0", "3", "6"):
            weight = module.get_submodule(name).weight
            weight.mul_(weight.abs() > weight.abs().median())
    zeros = {name: module.get_submodule(name).weight == 0 for name in ("0", "3", "6")}
    recipe = context(**{"reconstruct": {}, "cluster__bits": 2, **changes}).recipe
    x = torch.randn(64, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    details = cluster(module, teacher, recipe, lambda: x, silent)
    assert all(torch.equal(module.get_submodule(name).weight == 0, where) for name, where in zeros.items())
    return module, details


def test_values_are_few_and_the_outputs_closer_than_without(normed, context):
    module, details = clustered(normed, context)
    assert all(len(torch.unique(module.get_submodule(name).weight)) == 5 for name in ("0", "3", "6"))
    assert all(torch.equal(module[3].weight, module[3].weight.half().float()) for _ in range(1))
    assert details.error < details.error_plain
    assert details.samples == 64


@pytest.mark.parametrize("size", [1, 3, 4, 6, 8])
def test_groups_of_channels_have_their_own_values_across_groups_of_a_convolution(normed, context, size):
    module, _ = clustered(normed, context, cluster__granularity="channel-group", cluster__group_size=size)
    for name in ("0", "3", "6"):
        for rows in module.get_submodule(name).weight.detach().split(size):
            assert len(torch.unique(rows)) <= 5


def test_more_values_are_closer(normed, context):
    errors = [clustered(normed, context, cluster__bits=bits)[1].error for bits in (1, 2, 4)]
    assert errors == sorted(errors, reverse=True)


def test_levels_beyond_float16_are_said(normed, context):
    def large():
        module = normed()
        with torch.no_grad():
            module[6].weight.mul_(1e7)
        return module

    with pytest.raises(CheckError, match="layer '6' has weights beyond float16"):
        clustered(large, context)
