import copy

import torch
from torch import nn

from edgecompress.compress.reconstruct.walk import walk
from edgecompress.progress import silent


def weights(module: nn.Module) -> dict[str, nn.Parameter]:
    return {name: module.get_submodule(name).weight for name in ("0", "3", "6")}


def go(module, teacher, x):
    return walk(module, teacher, weights(module), x, damping=1e-4, title="prune", progress=silent)


def test_layers_come_in_order_and_their_own_weights_are_best_where_nothing_changed(normed):
    module, x = normed(), torch.randn(60, 2, 8, 8)
    names = []
    for reached in go(module, copy.deepcopy(module), x):
        names.append(reached.name)
        starts = torch.stack([part.start for part in reached.parts])
        assert reached.off(starts) < 1e-5
        assert reached.off(0 * starts) > 0.99
        reached.write(starts)
    assert names == ["0", "3", "6"]
    assert torch.allclose(module(x), normed()(x), atol=1e-3)


def test_a_later_layer_makes_good_what_an_earlier_one_lost(normed):
    teacher, x = normed(), torch.randn(100, 2, 8, 8)
    errors = []
    for healing in (False, True):
        module = copy.deepcopy(teacher)
        for reached in go(module, teacher, x):
            new = torch.stack([part.start for part in reached.parts])
            if reached.name == "0":
                new = new * (new.abs() > new.abs().median())
            elif healing:
                new = torch.stack([torch.linalg.solve(part.hessian, part.linear.mT).mT for part in reached.parts])
            reached.write(new)
        errors.append(float((module(x) - teacher(x)).square().mean()))
    assert errors[1] < 0.5 * errors[0]


def test_the_bias_keeps_the_mean_of_the_outputs(normed):
    teacher, x = normed(), torch.randn(60, 2, 8, 8)
    module = copy.deepcopy(teacher)
    for reached in go(module, teacher, x):
        new = torch.stack([part.start for part in reached.parts])
        reached.write(new if reached.name != "6" else new * 0.5)
    assert torch.allclose(module(x).mean(0), teacher(x).mean(0), atol=1e-4)
