import shutil

import torch
from torch import nn

from edgecompress.compress.checkpoints import Checkpoint, key
from edgecompress.compress.record import StageResult


def test_a_key_depends_on_everything_before_it():
    first = key("", "train", {"epochs": 1})
    assert first == key("", "train", {"epochs": 1})
    others = {key("", "train", {"epochs": 2}), key("", "prune", {"epochs": 1}), key("x", "train", {"epochs": 1})}
    assert len(others | {first}) == 4


def step(module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    module(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def test_an_optimizer_goes_on_as_if_it_had_never_stopped(tmp_path):
    for make in (
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.Adam(p, lr=0.1),
    ):
        torch.manual_seed(0)
        straight = nn.Linear(3, 2)
        resumed = nn.Linear(3, 2)
        resumed.load_state_dict(straight.state_dict())
        optimizer, checkpoint = (
            make(straight.parameters()),
            Checkpoint(tmp_path, make(resumed.parameters()).__class__.__name__),
        )
        step(straight, optimizer)
        checkpoint.save(straight, optimizer, 1, {})
        step(straight, optimizer)
        fresh = make(resumed.parameters())
        assert checkpoint.restore(resumed, fresh, {}) == 1
        step(resumed, fresh)
        assert torch.equal(straight.weight, resumed.weight)


def test_what_a_stage_carries_comes_back_in_place_and_a_state_without_it_is_none(tmp_path):
    module = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    checkpoint = Checkpoint(tmp_path, "k")
    mask = torch.tensor([[True, False]])
    checkpoint.save(module, optimizer, 2, {"mask/a": mask, "score/a": torch.tensor([1.5])})
    carried = {"mask/a": torch.ones(1, 2, dtype=torch.bool), "score/a": torch.zeros(1)}
    assert checkpoint.restore(module, optimizer, carried) == 2
    assert torch.equal(carried["mask/a"], mask)
    assert carried["score/a"].item() == 1.5
    other = nn.Linear(2, 2)
    before = other.weight.detach().clone()
    assert checkpoint.restore(other, torch.optim.SGD(other.parameters(), lr=0.1), {"mask/b": mask}) == 0
    assert torch.equal(other.weight, before)


def test_a_stage_begins_from_another_s_epoch_but_never_loses_its_own(tmp_path):
    module = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    early, late, absent = (Checkpoint(tmp_path, name) for name in ("early", "late", "absent"))
    late.begin_from(absent)
    assert late.restore(module, optimizer, {}) == 0
    early.save(module, optimizer, 2, {})
    late.begin_from(early)
    assert late.restore(module, optimizer, {}) == 2
    late.save(module, optimizer, 5, {})
    late.begin_from(early)
    assert late.restore(module, optimizer, {}) == 5
    assert early.restore(module, optimizer, {}) == 2


def test_nothing_kept_is_no_epochs_and_no_result(tmp_path):
    module = nn.Linear(2, 2)
    checkpoint = Checkpoint(tmp_path, "absent")
    assert checkpoint.restore(module, torch.optim.SGD(module.parameters(), lr=0.1), {}) == 0
    assert checkpoint.finished() is None


def test_finishing_keeps_the_result_and_leaves_nothing_else(tmp_path):
    module = nn.Linear(2, 2)
    checkpoint = Checkpoint(tmp_path, "k")
    checkpoint.save(module, torch.optim.SGD(module.parameters(), lr=0.1), 3, {})
    result = StageResult(stage="train", epochs=3, seconds=1.0, validation_accuracy=50.0, sparsity=0.0, distinct_max=4)
    checkpoint.finish(module, result)
    assert [path.name for path in tmp_path.iterdir()] == ["k.safetensors"]
    state, kept = checkpoint.finished()
    assert kept == result
    assert torch.equal(state["weight"], module.weight)


def test_a_digest_tells_networks_apart_and_forgetting_leaves_nothing(tmp_path):
    from edgecompress.compress.checkpoints import digest

    first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    second.load_state_dict(first.state_dict())
    assert digest(first) == digest(second)
    with torch.no_grad():
        second.bias[0] += 1e-6
    assert digest(first) != digest(second)
    checkpoint = Checkpoint(tmp_path, "k")
    checkpoint.save(first, torch.optim.SGD(first.parameters(), 0.1), 1, {})
    checkpoint.forget()
    checkpoint.forget()
    assert not list(tmp_path.iterdir())


class Elsewhere:
    """Another folder, as a bucket would be."""

    def __init__(self, folder):
        self.folder = folder

    def fetch(self, path):
        if (self.folder / path.name).exists():
            shutil.copy(self.folder / path.name, path)

    def publish(self, path):
        shutil.copy(path, self.folder)


def test_a_finished_stage_is_kept_elsewhere_too_and_taken_from_there(tmp_path):
    here, there, other = (tmp_path / name for name in ("here", "there", "other"))
    for folder in (here, there, other):
        folder.mkdir()
    module = nn.Linear(2, 2)
    result = StageResult(stage="train", epochs=3, seconds=1.0, validation_accuracy=50.0, sparsity=0.0, distinct_max=4)
    assert Checkpoint(other, "k", Elsewhere(there)).finished() is None
    Checkpoint(here, "k").finish(module, result)
    Checkpoint(
        here, "k", Elsewhere(there)
    ).finished()  # what was finished without the other place is sent when it is used
    state, kept = Checkpoint(other, "k", Elsewhere(there)).finished()
    assert kept == result
    assert torch.equal(state["weight"], module.weight)
    Checkpoint(here, "l", Elsewhere(there)).finish(module, result)
    assert Checkpoint(other, "l", Elsewhere(there)).finished() is not None
