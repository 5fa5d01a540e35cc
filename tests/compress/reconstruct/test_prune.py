import copy

import pytest
import torch

from edgecompress.compress.prune.masks import sparsity
from edgecompress.compress.reconstruct.prune import prune
from edgecompress.progress import silent


def pruned(normed, context, images, **changes):
    teacher, module = normed(), normed()
    recipe = context(**{"reconstruct": {"samples": 64}, **changes}).recipe
    x = images(400, 101)
    details = prune(module, teacher, recipe, lambda: x, silent)
    return module, details, teacher


@pytest.mark.parametrize("masks", ["obs", "criterion"])
@pytest.mark.parametrize("scope", ["global", "lamp", "layer"])
def test_the_sparsity_is_the_recipe_s_and_the_outputs_are_closer_than_without(normed, context, images, masks, scope):
    module, details, teacher = pruned(
        normed, context, images, reconstruct={"masks": masks}, prune__scope=scope, prune__sparsity=0.6
    )
    weights = {name: module.get_submodule(name).weight for name in ("0", "3", "6")}
    total = sum(weight.numel() for weight in weights.values())
    assert sparsity(weights) == pytest.approx(0.6, abs=2 / total)
    assert details.error < details.error_plain
    plain = copy.deepcopy(teacher)
    with torch.no_grad():
        for name, weight in weights.items():
            plain.get_submodule(name).weight.mul_(weight != 0)
    x = images(400, 102)  # not the inputs it was made with
    with torch.no_grad():
        off = [float((each(x) - teacher(x)).square().mean()) for each in (module, plain)]
    assert off[0] < off[1]


def test_obs_masks_are_no_worse_than_magnitude_s(normed, context, images):
    errors = {
        m: pruned(normed, context, images, reconstruct={"masks": m}, prune__scope="layer")[1]
        for m in ("obs", "criterion")
    }
    assert errors["obs"].error < errors["criterion"].error


def test_patterns_hold_and_layers_have_their_own_sparsity(normed, context, images):
    changes = {"prune__sparsity": 0.5, "layers": {"3": {"pattern": "2:4"}, "6": {"sparsity": 0.25}}}
    module, _, _ = pruned(normed, context, images, **changes)
    groups = module[3].weight.detach().movedim(1, -1).reshape(-1, 4)
    assert ((groups != 0).sum(1) == 2).all()
    assert int((module[6].weight == 0).sum()) == 96


def test_zeros_that_were_there_stay(normed, context, images):
    def zeroed():
        module = normed()
        with torch.no_grad():
            module[6].weight[:, :100] = 0
        return module

    module, _, _ = pruned(zeroed, context, images, prune__sparsity=0.1)
    assert not module[6].weight[:, :100].any()
