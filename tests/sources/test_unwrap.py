import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from edgecompress.errors import InputError
from edgecompress.sources.unwrap import unwrapped


def network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


STATE = network().state_dict()


def under(prefix, state=STATE):
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"model_state_dict": STATE, "epoch": 3, "optimizer_state_dict": {"state": {0: {"step": torch.ones(1)}}}},
        {"model": STATE, "optimizer": {"lr": 0.1}},
        {"net": STATE, "acc": 91.2},
        {"state_dict": under("model."), "pytorch-lightning_version": "2.5", "loops": {}},
        {"state_dict": {**under("model."), "loss.weight": torch.ones(2), "teacher.0.bias": torch.ones(4)}},
        under("_orig_mod."),
        under("module."),
        {"state_dict": under("module._orig_mod.")},
        {"n_averaged": torch.tensor(5), **under("module.")},
        {"ema": {"decay": 0.99, "shadow": STATE}},
        {"model": STATE, "ema": {name: tensor.clone() for name, tensor in STATE.items()}},
        {name: tensor for name, tensor in STATE.items() if not name.endswith("num_batches_tracked")},
        {**STATE, "epoch": 3},
    ],
    ids=lambda content: "-".join(list(content)[:2]),
)
def test_what_trainers_write_is_found(content):
    found = unwrapped(content, STATE, "w.pt")
    assert all(torch.equal(tensor, STATE[name]) for name, tensor in found.items())
    assert {name for name in STATE if not name.endswith("tracked")} <= found.keys() <= STATE.keys()


def test_a_part_that_was_compiled_inside_the_network_has_its_own_name():
    state = {"0._orig_mod.weight" if name == "0.weight" else name: tensor for name, tensor in STATE.items()}
    assert unwrapped(state, STATE, "w.pt").keys() == STATE.keys()


def test_masks_of_pruning_are_applied():
    pruned = network()
    prune.l1_unstructured(pruned[3], "weight", 0.5)
    found = unwrapped(pruned.state_dict(), STATE, "w.pt")
    assert torch.equal(found["3.weight"], pruned[3].weight)
    assert int((found["3.weight"] == 0).sum()) == 4
    assert unwrapped(pruned.state_dict(), pruned.state_dict(), "w.pt").keys() == pruned.state_dict().keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": STATE, "ema": network().state_dict()}, r"w\.pt .* several places: \['model'\] and \['ema'\]; save"),
        (
            {"generator": {"a.weight": torch.ones(2)}, "epoch": 3},
            r"no weights of this network: it has 'generator' \(a table that begins with 'a.weight'\), 'epoch' \(int\); "
            r"the network's first tensors are 0.weight, 0.bias, 1.weight",
        ),
        ([torch.ones(2)], "no weights of this network: it has a list"),
        ({}, "it has nothing"),
    ],
)
def test_what_is_not_found_is_said_with_what_is_there(content, message):
    with pytest.raises(InputError, match=message):
        unwrapped(content, STATE, "w.pt")


def test_what_comes_nearest_is_handed_on_to_be_named():
    almost = {name: tensor for name, tensor in under("model.").items() if name != "model.3.bias"}
    assert unwrapped({"state_dict": almost}, STATE, "w.pt").keys() == STATE.keys() - {"3.bias"}
