import pytest
import torch

from edgecompress.compress.prune import masks
from edgecompress.compress.prune.gradual import GradualPruning, HeldMasks
from edgecompress.recipe import Pruning


def settings(**changes) -> Pruning:
    return Pruning.model_validate({"epochs": 1, "learning_rate": 0.1, "sparsity": 0.9, "ramp": 0.5, **changes})


def test_sparsity_rises_along_the_cubic_schedule_and_stays():
    weight = torch.randn(1000)
    pruning = GradualPruning({"w": weight}, settings(updates_per_epoch=10), {}, steps_per_epoch=100)
    seen = {}
    for step in range(1, 101):
        weight.add_(torch.randn(1000) * 1e-3)  # what an optimizer does, pruned weights included
        pruning.after_step(step, 100)
        seen[step] = masks.sparsity({"w": weight})
    assert seen[9] == 0.0
    assert seen[10] == pytest.approx(round(1000 * 0.9 * (1 - 0.8**3)) / 1000)
    assert seen[50] == seen[100] == pytest.approx(0.9)
    assert all(seen[step] <= seen[step + 1] for step in range(1, 100))


def test_a_pruned_weight_never_comes_back():
    weight = torch.randn(500)
    pruning = GradualPruning({"w": weight}, settings(), {}, steps_per_epoch=20)
    gone = torch.zeros(500, dtype=torch.bool)
    for step in range(1, 21):
        weight.add_(torch.randn(500))
        pruning.after_step(step, 20)
        assert bool((weight[gone] == 0).all())
        gone = weight == 0


def test_a_ramp_shorter_than_an_update_still_ends_at_the_final_sparsity():
    weight = torch.randn(100)
    pruning = GradualPruning({"w": weight}, settings(updates_per_epoch=1, ramp=0.1), {}, steps_per_epoch=10)
    for step in range(1, 11):
        pruning.after_step(step, 10)
    assert masks.sparsity({"w": weight}) == pytest.approx(0.9)


def test_held_masks_keep_exactly_the_zeros_there_were():
    weight = torch.tensor([0.0, 1.0, 0.0, 2.0])
    held = HeldMasks({"w": weight})
    weight += 1.0
    held.after_step(1, 1)
    assert weight.tolist() == [0.0, 2.0, 0.0, 3.0]


def test_pruned_weights_are_plus_zero_whatever_their_sign_was():
    # -0.0 is another bit pattern: an encoder would have to keep it as a value of its own.
    weight = torch.tensor([-1e-3, 1e-3, -5.0, 5.0])
    pruning = GradualPruning({"w": weight}, settings(sparsity=0.5), {}, steps_per_epoch=1)
    pruning.update(1.0)
    assert not bool(torch.signbit(weight[:2]).any())
