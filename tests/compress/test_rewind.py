import pytest
import torch
from torch import nn

from edgecompress.compress import rewind
from edgecompress.compress.device import autocast, place
from edgecompress.compress.stages.run import run_all
from edgecompress.compress.train import batches, epoch_generator
from edgecompress.errors import InputError

CPU = torch.device("cpu")


def run(network, given):
    """Compress, and return the states at the end of every epoch of training: {stage: [state, ...]}."""
    module, states = network(), {}

    def watch(title: str, done: int, total: int, note: str = "", /) -> None:
        if done % 10 == 0:  # 320 samples in batches of 32: after a step, an epoch is over
            states.setdefault(title, {})[done] = {n: t.clone() for n, t in module.state_dict().items()}

    object.__setattr__(given, "progress", watch)
    result = run_all(module, given, trained=False)
    return {title: list(kept.values()) for title, kept in states.items()}, result


def trained_by_torch(network, given, start: dict, first_epoch: int) -> dict:
    """The rest of the baseline's schedule from ``start``, its zeros held, by torch's own SGD and cosine."""
    module = place(network(), CPU)
    module.load_state_dict(start)
    module.train()
    masks = [(p, p.detach() != 0) for p in module.parameters() if p.ndim > 1]
    settings = given.recipe.train
    groups = [
        {"params": [p for p in module.parameters() if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in module.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=settings.learning_rate, momentum=settings.momentum, nesterov=True)
    steps = 10 * settings.epochs
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=steps, eta_min=settings.learning_rate * settings.final_rate
    )
    for epoch in range(settings.epochs):
        for x, y in batches(given.training, settings, epoch_generator(given.recipe.seed, epoch)):
            optimizer.zero_grad()
            if epoch >= first_epoch:
                with autocast(CPU):
                    logits = module(x.contiguous(memory_format=torch.channels_last))
                nn.functional.cross_entropy(logits.float(), y, label_smoothing=settings.label_smoothing).backward()
            optimizer.step()  # without gradients it moves nothing: only the schedule goes on
            cosine.step()
            with torch.no_grad():
                for weight, mask in masks:
                    weight.mul_(mask)
    return module.state_dict()


def close(a: dict, b: dict) -> bool:
    # The rate comes from a recursion in torch and from a formula here.
    return all(torch.allclose(a[name].float(), b[name].float(), rtol=1e-3, atol=1e-4) for name in a)


def settings(kind: str) -> dict:
    """A baseline whose schedule is not the retraining's own."""
    baseline = {"warmup": 0.0, "label_smoothing": 0.1, "weight_decay": 0.01, "momentum": 0.5, "final_rate": 0.2}
    own = {"rewind": kind, "epochs": 2, "learning_rate": 9.0, "label_smoothing": 0.9}
    return {f"train__{k}": v for k, v in baseline.items()} | {f"retrain__{k}": v for k, v in own.items()}


def test_rate_rewinding_is_the_end_of_the_baseline_s_schedule_for_the_pruned_weights(network, context):
    given = context(**settings("rate"))
    states, _ = run(network, given)
    expected = trained_by_torch(network, given, states["prune"][-1], first_epoch=1)
    assert close(states["retrain"][-1], expected)


def test_weight_rewinding_starts_from_the_baseline_s_values_of_then(network, context):
    given = context(**settings("weights"))
    states, result = run(network, given)
    early, pruned = states["train"][0], states["prune"][-1]
    start = {name: torch.where(pruned[name] == 0, 0, t) if t.ndim > 1 else t for name, t in early.items()}
    expected = trained_by_torch(network, given, start, first_epoch=1)
    assert close(states["retrain"][-1], expected)
    assert result.stages[2].sparsity == result.stages[1].sparsity


def test_the_baseline_goes_on_from_the_early_epoch_and_ends_as_if_nothing_was_kept_of_it(network, context, tmp_path):
    states, rewound = run(network, context(retrain__rewind="weights", retrain__epochs=1))
    assert len(states["train"]) == 3, "no epoch of the baseline was trained twice"
    plain_context = context()
    object.__setattr__(plain_context, "folder", tmp_path / "plain")
    _, plain = run(network, plain_context)
    assert all(torch.equal(rewound.dense[name], tensor) for name, tensor in plain.dense.items())


def test_a_baseline_that_is_there_already_is_kept_and_the_early_epoch_made_with_the_same_bits(
    network, context, tmp_path
):
    changes = {"retrain__rewind": "weights", "retrain__epochs": 2}
    run(network, context())
    states, after = run(network, context(**changes))
    assert len(states["train"]) == 1, "only the early epoch was trained again"
    fresh_context = context(**changes)
    object.__setattr__(fresh_context, "folder", tmp_path / "fresh")
    _, fresh = run(network, fresh_context)
    assert all(torch.equal(after.last[name], tensor) for name, tensor in fresh.last.items())


def test_weights_can_go_back_to_where_they_began(network, context):
    given = context(**settings("weights") | {"retrain__epochs": 3})
    states, _ = run(network, given)
    pruned = states["prune"][-1]
    start = {n: torch.where(pruned[n] == 0, 0, t) if t.ndim > 1 else t for n, t in network().state_dict().items()}
    assert close(states["retrain"][-1], trained_by_torch(network, given, start, first_epoch=0))


def test_interrupted_on_the_way_to_the_early_epoch_it_goes_on(network, context, tmp_path):
    changes = {"retrain__rewind": "weights", "retrain__epochs": 1}

    def interrupt(title: str, done: int, total: int, note: str = "", /) -> None:
        if title == "train" and done == 15:  # the early epoch is the second, which ends with step 20
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(network(), context(progress=interrupt, **changes), trained=False)
    told = []
    resumed = run_all(network(), context(progress=lambda *said: told.append(said), **changes), trained=False)
    assert told[0][1] == 11
    whole_context = context(**changes)
    object.__setattr__(whole_context, "folder", tmp_path / "whole")
    whole = run_all(network(), whole_context, trained=False)
    assert all(torch.equal(resumed.last[name], t) for name, t in whole.last.items())
    assert all(torch.equal(resumed.dense[name], t) for name, t in whole.dense.items())


def test_more_epochs_than_the_baseline_has_cannot_be_repeated(context):
    with pytest.raises(InputError, match=r"lower retrain\.epochs"):
        rewind.check(context(retrain__rewind="rate", retrain__epochs=4).recipe)


def test_a_given_checkpoint_has_no_early_weights_but_a_rate_can_be_repeated(network, context):
    with pytest.raises(InputError, match='set it to "rate"'):
        run_all(network(), context(retrain__rewind="weights"), trained=True)
    result = run_all(network(), context(retrain__rewind="rate"), trained=True)
    assert result.stages[2].epochs == 2
    rewind.check(context(retrain__epochs=4).recipe)  # without rewinding there is nothing to check


def test_what_is_set_back_keeps_its_zeros_and_nothing_else(network):
    module = network()
    early = {name: torch.randn(t.shape) if t.is_floating_point() else t for name, t in module.state_dict().items()}
    weights = {"0": module[0].weight}
    with torch.no_grad():
        module[0].weight[:, :, 0] = 0
    rewind.set_back(module, weights, early)
    assert bool((module[0].weight[:, :, 0] == 0).all())
    assert torch.equal(module[0].weight[:, :, 1:], early["0.weight"][:, :, 1:])
    assert torch.equal(module[1].running_mean, early["1.running_mean"])
    assert torch.equal(module[4].weight, early["4.weight"])
