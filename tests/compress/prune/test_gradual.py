import pytest
import torch

from edgecompress.compress.prune import masks
from edgecompress.compress.prune.gradual import GradualPruning, HeldMasks
from edgecompress.errors import InputError
from edgecompress.recipe import Recipe

STAGE = {"epochs": 1, "learning_rate": 0.1}


def recipe(layers=None, **changes) -> Recipe:
    stages = {"train": STAGE, "retrain": STAGE, "cluster": {"epochs": 1, "bits": 4}}
    prune = {**STAGE, "sparsity": 0.9, "ramp": 0.5, **changes}
    return Recipe.model_validate({**stages, "prune": prune, "layers": layers or {}})


def test_sparsity_rises_along_the_cubic_schedule_and_stays():
    weight = torch.randn(10, 100)
    pruning = GradualPruning({"w": weight}, recipe(updates_per_epoch=10), steps_per_epoch=100)
    seen = {}
    for step in range(1, 101):
        weight.add_(torch.randn(10, 100) * 1e-3)  # what an optimizer does, pruned weights included
        pruning.after_step(step, 100)
        seen[step] = masks.sparsity({"w": weight})
    assert seen[9] == 0.0
    assert seen[10] == pytest.approx(round(1000 * 0.9 * (1 - 0.8**3)) / 1000)
    assert seen[50] == seen[100] == pytest.approx(0.9)
    assert all(seen[step] <= seen[step + 1] for step in range(1, 100))


def test_a_pruned_weight_never_comes_back():
    weight = torch.randn(20, 25)
    pruning = GradualPruning({"w": weight}, recipe(), steps_per_epoch=20)
    gone = torch.zeros(20, 25, dtype=torch.bool)
    for step in range(1, 21):
        weight.add_(torch.randn(20, 25))
        pruning.after_step(step, 20)
        assert bool((weight[gone] == 0).all())
        gone = weight == 0


def test_a_ramp_shorter_than_an_update_still_ends_at_the_final_sparsity():
    weight = torch.randn(10, 10)
    pruning = GradualPruning({"w": weight}, recipe(updates_per_epoch=1, ramp=0.1), steps_per_epoch=10)
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
    weight = torch.tensor([[-1e-3, 1e-3, -5.0, 5.0]])
    pruning = GradualPruning({"w": weight}, recipe(sparsity=0.5), steps_per_epoch=1)
    pruning.update(1.0)
    assert not bool(torch.signbit(weight[0, :2]).any())


def run(weight: torch.Tensor, pruning: GradualPruning, steps: int, gradient) -> list[float]:
    """What the loop does, with gradients that the test makes. Returns the sparsity after each step."""
    seen = []
    for step in range(1, steps + 1):
        weight.grad = gradient(step)
        pruning.after_backward()
        with torch.no_grad():
            weight -= 0.01 * weight.grad + 1e-3
        pruning.after_step(step, steps)
        seen.append(masks.sparsity({"w": weight}))
    return seen


@pytest.mark.parametrize("criterion", ["magnitude", "movement", "random", "taylor"])
@pytest.mark.parametrize("schedule", ["cubic", "iterative", "one-shot"])
def test_under_every_criterion_and_schedule_the_count_is_exact_and_nothing_comes_back(criterion, schedule):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(16, 20, generator=generator)
    pruning = GradualPruning({"w": weight}, recipe(criterion=criterion, schedule=schedule, updates_per_epoch=40), 40)
    gone = torch.zeros(16, 20, dtype=torch.bool)

    def gradient(step: int) -> torch.Tensor:
        nonlocal gone
        assert bool((weight[gone] == 0).all())
        gone = weight == 0
        return torch.randn(16, 20, generator=generator)

    seen = run(weight, pruning, 40, gradient)
    assert seen[-1] == seen[19] == pytest.approx(round(0.9 * 320) / 320)
    assert seen == sorted(seen)
    if schedule == "one-shot":
        assert seen[0] == seen[-1]


def test_first_order_criteria_prune_what_the_loss_misses_least():
    weight = torch.ones(2, 10)
    weight[0] = 100.0  # large, but the loss does not see them
    gradient = torch.zeros(2, 10)
    gradient[1] = 1e-3
    pruning = GradualPruning({"w": weight}, recipe(criterion="taylor", sparsity=0.5), steps_per_epoch=4)
    run(weight, pruning, 4, lambda step: gradient.clone())
    assert bool((weight[0] == 0).all())
    assert bool((weight[1] != 0).all())


def test_movement_prunes_what_training_drives_to_zero_though_it_is_large():
    weight = torch.full((1, 4), 1.0)
    gradient = torch.tensor([[1.0, -1.0, 1.0, -1.0]])  # descent moves 0 and 2 towards zero
    pruning = GradualPruning({"w": weight}, recipe(criterion="movement", sparsity=0.5), steps_per_epoch=4)
    run(weight, pruning, 4, lambda step: gradient.clone())
    assert (weight == 0).tolist() == [[True, False, True, False]]


def test_iterative_pruning_has_as_many_rounds_as_it_was_given():
    weight = torch.randn(20, 50)
    given = recipe(schedule="iterative", steps=3, updates_per_epoch=60, ramp=1.0)
    seen = run(weight, GradualPruning({"w": weight}, given, 60), 60, lambda step: torch.zeros(20, 50))
    assert len(set(seen)) == 3


def test_patterns_and_sparsities_of_single_layers():
    weights = {name: torch.randn(8, 8, 3, 3) for name in ("a", "b", "c")}
    layers = {"a": {"pattern": "2:4"}, "b": {"sparsity": 0.25}}
    GradualPruning(weights, recipe(layers, pattern="4x2", sparsity=0.5), steps_per_epoch=1).update(1.0)
    groups = weights["a"].movedim(1, -1).reshape(-1, 4)
    assert bool(((groups == 0).sum(1) == 2).all())
    assert int((weights["b"] == 0).sum()) == round(0.25 * 72) * 8
    assert int((weights["c"] == 0).sum()) == 36 * 8


def test_a_layer_without_a_gradient_is_named():
    pruning = GradualPruning({"unused": torch.randn(4, 4)}, recipe(criterion="taylor"), steps_per_epoch=1)
    with pytest.raises(InputError, match=r"layers\.'unused'\.dense"):
        pruning.after_backward()


def test_what_is_carried_is_all_that_a_resumed_run_needs():
    generator = torch.Generator().manual_seed(1)
    gradients = [torch.randn(8, 8, generator=generator) for _ in range(8)]
    given = recipe(criterion="movement", updates_per_epoch=4, ramp=0.75)
    straight = torch.randn(8, 8, generator=generator)
    resumed = straight.clone()
    run(straight, GradualPruning({"w": straight}, given, 8), 8, lambda step: gradients[step - 1])

    first = GradualPruning({"w": resumed}, given, 8)
    for step in range(1, 9):
        if step == 4:
            second = GradualPruning({"w": resumed.abs() + 1}, given, 8)  # before its weights are restored
            assert second.carried.keys() == first.carried.keys()
            for name, tensor in second.carried.items():
                tensor.copy_(first.carried[name])
            second.weights["w"].copy_(resumed)
            first, resumed = second, second.weights["w"]
        resumed.grad = gradients[step - 1]
        first.after_backward()
        resumed -= 0.01 * resumed.grad + 1e-3
        first.after_step(step, 8)
    assert torch.equal(resumed, straight)
