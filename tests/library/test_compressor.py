import copy
import io

import pytest
import torch
from torch import nn
from torch.nn import functional

import edgecompress as ec
from edgecompress.errors import InputError

RECIPE = {"prune": {"epochs": 2, "sparsity": 0.75}, "retrain.epochs": 1, "cluster": {"epochs": 1, "bits": 3}}
X = torch.randn(64, 12, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 3))


def loop(module, compressor, optimizer, steps):
    """A loop of the caller's own; yields after each step."""
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(module(X), Y)
        loss.backward()
        compressor.after_backward()
        optimizer.step()
        compressor.after_step()
        yield float(loss.detach())


@pytest.mark.parametrize("changes", [{}, {"cluster.training": "soft"}, {"prune.criterion": "taylor"}])
def test_a_loop_of_ones_own_ends_pruned_clustered_and_trained(changes):
    module = net()
    optimizer = torch.optim.AdamW(module.parameters(), 0.01)
    compressor = ec.Compressor(module, RECIPE | changes, total_steps=160)
    seen, losses = [], []
    for loss in loop(module, compressor, optimizer, 160):
        seen.append((compressor.phase, compressor.sparsity, len(module[0].weight.unique())))
        losses.append(loss)
    phases = [phase for phase, *_ in seen]
    assert [phases.count(name) for name in ("prune", "retrain", "cluster")] == [79, 40, 41]
    sparsities = [sparsity for _, sparsity, _ in seen]
    assert sparsities == sorted(sparsities) and sparsities[10] < 0.5
    assert sparsities[79] == sparsities[-1] == pytest.approx(0.75, abs=1e-3)
    if not changes.get("cluster.training"):
        assert max(count for phase, _, count in seen if phase == "cluster") <= 9
    finished = compressor.finalize()
    assert (finished.steps, finished.sparsity) == (160, sparsities[-1]) and finished.distinct_max <= 9
    assert losses[-1] < 0.2 * losses[0]
    assert functional.cross_entropy(module(X), Y) < 0.4 * losses[0]
    assert compressor.phase == "finished" and "75.0% of 720 weights are zero" in repr(compressor)


@pytest.mark.parametrize("steps", [160, 100, 3])
def test_a_rate_is_met_at_the_end_of_the_loop_or_when_it_is_finished_before(steps):
    module = net()
    compressor = ec.Compressor(module, RECIPE | {"cluster.rate": 1.0}, total_steps=160)
    losses = list(loop(module, compressor, torch.optim.AdamW(module.parameters(), 0.01), steps))
    finished = compressor.finalize()
    bits = 0.0
    for weight in (module[0].weight, module[2].weight):
        values, counts = weight.detach().unique(return_counts=True)
        share = counts / weight.numel()
        bits -= float((counts * share.log2()).sum()) - 16 * int((values != 0).sum())
    assert bits / 720 == pytest.approx(1.0, rel=0.05)
    assert finished.sparsity > 0.75
    assert steps < 160 or losses[-1] < 0.5 * losses[0]


def test_centroids_are_trained_while_the_optimizer_leaves_their_weights_alone():
    module = net()
    compressor = ec.Compressor(module, {"prune.epochs": 0, "retrain.epochs": 0, "prune.sparsity": 0.5}, total_steps=40)
    values = module[0].weight.detach().unique()
    optimizer = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9, weight_decay=0.1)
    losses = list(loop(module, compressor, optimizer, 40))
    assert losses[-1] < losses[0]
    assert not torch.equal(module[0].weight.detach().unique(), values)
    assert compressor.sparsity == pytest.approx(0.5, abs=1e-3)


def test_a_loop_that_ends_early_is_finished_all_the_same():
    module = nn.DataParallel(net())
    compressor = ec.Compressor(module, RECIPE, total_steps=1000)
    list(loop(module, compressor, torch.optim.SGD(module.parameters(), 0.01), 3))
    finished = compressor.finalize()
    assert finished.sparsity == pytest.approx(0.75, abs=1e-3) and finished.distinct_max <= 9


def test_a_step_that_a_scaler_skips_moves_no_centroid():
    module = net()
    compressor = ec.Compressor(module, {"prune.epochs": 0, "retrain.epochs": 0, "prune.sparsity": 0.5}, total_steps=9)
    before = copy.deepcopy(module.state_dict())
    for weight in module.parameters():
        weight.grad = torch.full_like(weight, float("inf"))
    compressor.after_backward()
    compressor.after_step()
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_what_a_loop_must_not_do_is_one_line():
    module = net()
    compressor = ec.Compressor(module, RECIPE, total_steps=4)
    with pytest.raises(InputError, match=r"call after_backward\(\) before"):
        compressor.after_step()
    compressor.after_backward()
    with pytest.raises(InputError, match="once a step"):
        compressor.after_backward()
    compressor.finalize()
    with pytest.raises(InputError, match="has ended this Compressor"):
        compressor.after_step()
    late = ec.Compressor(net(), {"prune.epochs": 0, "retrain.epochs": 0}, total_steps=4)
    with pytest.raises(InputError, match="layer '0' has no gradient"):
        late.after_backward()


@pytest.mark.parametrize(
    ("recipe", "steps", "said"),
    [
        ({"structure": {"macs": 0.5}}, 9, "structure is not possible in a loop"),
        ({"retrain.rewind": "rate"}, 9, "retrain.rewind is not possible"),
        ("any-untrained", 9, "the recipe trains nothing"),
        ({}, 0, "total_steps is 0"),
        ({"layers": {"convs*": {"bits": 2}}}, 9, "matches no layer"),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_line(recipe, steps, said):
    with pytest.raises(InputError, match=said):
        ec.Compressor(net(), recipe, total_steps=steps)


def resumed(recipe, optimizer_of, steps, at):
    """The network's weights after a loop that was stopped at ``at`` and went on in what a new process would have."""
    module = net()
    optimizer = optimizer_of(module)
    compressor = ec.Compressor(module, recipe, total_steps=steps)
    list(loop(module, compressor, optimizer, at))
    kept = io.BytesIO()
    torch.save([each.state_dict() for each in (module, optimizer, compressor)], kept)
    kept.seek(0)
    module = net()
    optimizer = optimizer_of(module)
    compressor = ec.Compressor(module, recipe, total_steps=steps)
    for each, state in zip((module, optimizer, compressor), torch.load(kept, weights_only=True), strict=True):
        each.load_state_dict(state)
    assert compressor.step == at
    list(loop(module, compressor, optimizer, steps - at))
    return compressor.finalize(), module.state_dict()


@pytest.mark.parametrize(
    "changes", [{}, {"cluster.training": "soft"}, {"prune.criterion": "movement"}, {"cluster.rate": 1.0}]
)
@pytest.mark.parametrize("at", [7, 25, 35], ids=["pruning", "retraining", "clustered"])
def test_a_loop_that_was_stopped_goes_on_and_ends_with_the_same_bits(changes, at):
    def adamw(module):
        return torch.optim.AdamW(module.parameters(), 0.01)

    recipe, module = RECIPE | changes, net()
    compressor = ec.Compressor(module, recipe, total_steps=40)
    list(loop(module, compressor, adamw(module), 40))
    whole = compressor.finalize()
    finished, state = resumed(recipe, adamw, 40, at)
    assert finished == whole
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.state_dict().items())


def test_a_state_of_another_loop_is_refused_in_one_line():
    module = net()
    compressor = ec.Compressor(module, RECIPE, total_steps=40)
    state = compressor.state_dict()
    for other, message in (
        (ec.Compressor(net(), RECIPE, total_steps=80), "make the Compressor with total_steps=40, not 80"),
        (ec.Compressor(net(), RECIPE | {"cluster.bits": 2}, total_steps=40), "another recipe"),
        (ec.Compressor(nn.Sequential(nn.Linear(5, 48)), RECIPE, total_steps=40), "another network"),
    ):
        with pytest.raises(InputError, match=message):
            other.load_state_dict(state)
    functional.cross_entropy(module(X), Y).backward()
    compressor.after_backward()
    with pytest.raises(InputError, match="after after_step"):
        compressor.state_dict()
