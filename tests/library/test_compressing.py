import copy as copies
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

import edgecompress as ec
from edgecompress import recipe as recipes
from edgecompress.errors import InputError

STAGE = {"epochs": 4, "learning_rate": 0.05, "batch_size": 32}
FEW = {
    "prune": {**STAGE, "sparsity": 0.5},
    "retrain": STAGE,
    "cluster": {"epochs": 2, "bits": 3, "batch_size": 32},
}


class Heads(nn.Module):
    """A class and a box, of an image and its scale."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16)
        self.score, self.box = nn.Linear(16, 3), nn.Linear(16, 4)

    def forward(self, image, scale):
        seen = self.norm(self.conv(image)).relu().mean((2, 3)) * scale
        return {"score": self.score(seen), "box": self.box(seen)}


def samples(count=256):
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(0, 3, (count,), generator=generator)
    x = torch.randn(count, 1, 6, 6, generator=generator) / 2 + y[:, None, None, None]
    return x, y


def both(outputs, targets):
    scores, boxes = outputs["score"], outputs["box"]
    return functional.cross_entropy(scores, targets["class"]) + functional.mse_loss(boxes, targets["box"])


def box_error(outputs, targets):
    return functional.l1_loss(outputs["box"], targets["box"])


@pytest.fixture(scope="module")
def heads():
    """A trained network of two inputs and outputs, and its data."""
    torch.manual_seed(0)
    net, (x, y) = Heads(), samples()
    given = (x, torch.ones(len(x), 1))
    targets = {"class": y, "box": y[:, None].float().repeat(1, 4)}
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        both(net(*given), targets).backward()
        optimizer.step()
    return net, (given, targets)


def test_a_network_of_two_outputs_learns_from_the_callers_loss_and_is_judged_by_the_callers_metric(heads, tmp_path):
    net, data = heads
    before = copies.deepcopy(net.state_dict())
    told = []
    found = ec.compress(
        net, FEW, data, both, box_error, cache=tmp_path / "cache", progress=lambda *said: told.append(said)
    )
    assert all(torch.equal(net.state_dict()[name], before[name]) for name in before)
    assert found.net is not net and found.net.training and found.net(*data[0])["box"].shape == (256, 4)
    assert [stage.stage for stage in found.stages] == ["train", "prune", "retrain", "cluster"]
    assert {stage.metric for stage in found.stages} == {found.metric} == {"box_error"}
    assert not any("training accuracy" in note for *_, note in told)
    error = box_error(found.net.eval()(*data[0]), data[1]).detach()
    assert float(error) < 0.35 and float(error) == pytest.approx(found.stages[-1].validation_accuracy, abs=0.1)
    for weight in (found.net.conv.weight, found.net.box.weight, found.net.score.weight):
        assert len(weight.unique()) <= 9
    assert "judged by box_error" in repr(found) and "cluster" in repr(found)
    again = ec.compress(net, FEW, data, both, box_error, cache=tmp_path / "cache", progress=_no_training)
    assert all(torch.equal(a, b) for a, b in zip(found.net.parameters(), again.net.parameters(), strict=True))
    with pytest.raises(AssertionError, match="prune"):
        ec.compress(net, FEW, data, both, cache=tmp_path / "cache", progress=_no_training)


def _no_training(title, done, total, note=""):
    assert "epoch" not in note, title


def test_the_weights_come_into_the_network_itself_and_classes_need_no_loss(monkeypatch):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 16, 3)).eval()
    weight = net[0].weight
    drawn = torch.get_rng_state()
    found = ec.compress(net, recipes.load("any", FEW | {"train.epochs": 3}), samples(), trained=False, copy=False)
    assert found.net is net and net[0].weight is weight and not net.training
    assert len(weight.unique()) <= 9 and found.metric == "accuracy, top-1"
    assert found.stages[0].epochs == 3
    assert found.stages[-1].accuracy > 80
    assert torch.equal(torch.get_rng_state(), drawn)


def test_without_targets_nothing_is_trained_and_the_caller_is_told():
    net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 2))
    x = torch.randn(64, 8)
    with pytest.warns(UserWarning, match="nothing is trained, because the data have no targets"):
        found = ec.compress(net, {"cluster.bits": 4}, x)
    assert found.recipe.reconstruct.inputs == "training" and found.stages[-1].validation_accuracy is None
    assert len(found.net[0].weight.unique()) <= 17
    with pytest.warns(UserWarning, match="because no data were given; weights are pruned and clustered by themselves"):
        found = ec.compress(net, example=x[:1])
    assert found.stages[1].sparsity == pytest.approx(0.5, abs=0.02)


def test_channels_go_by_the_callers_loss():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    x = torch.randn(64, 4)
    recipe = FEW | {"structure": {"macs": 0.6, "epochs": 1, "rounds": 1, "batch_size": 32}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ec.compress(net, recipe, (x, x.sum(1, keepdim=True)), nn.MSELoss(), copy=False)
    assert found.metric == "loss, MSELoss"
    assert net[0].out_features < 32 == 64 // 2
    assert net(x).shape == (64, 1)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda net, data: ec.compress(net, FEW, data), "it has 2 inputs and 2 outputs; give loss="),
        (lambda net, data: ec.compress(net, FEW, None, both, example=data[0]), "loss needs targets"),
        (lambda net, data: ec.compress(net, FEW, data, lambda a, b: 0, cache="x"), "loss <lambda> has no name"),
        (lambda net, data: ec.compress(net, FEW, data, lambda a, b: 0), "does not depend on the outputs"),
        (
            lambda net, data: ec.compress(net, FEW, data, lambda a, b: a["box"]),
            r"a Tensor of shape \[\d+, 4\]; return one number",
        ),
        (lambda net, data: ec.compress(net, FEW, data, lambda a, b: torch.ones(())), "does not depend on the outputs"),
        (lambda net, data: ec.compress(net, {"prune.sparsty": 1}, data), "changes of the recipe.*sparsity"),
        (lambda net, data: ec.compress(net, {"distill": {}}, data, both), "learns from scores of classes"),
        (
            lambda net, data: ec.compress(net, {"cluster.label_smoothing": 0.1}, data, both),
            "label_smoothing is of the loss of classes; set it to 0",
        ),
        (lambda net, data: ec.compress(net, "vgg99"), "vgg99"),
        (lambda net, data: ec.compress(net), "give data, or inputs as example="),
        (lambda net, data: ec.compress(net, FEW, "none.npz"), "none.npz does not exist"),
        (lambda net, data: ec.compress("net.onnx"), "give a torch.nn.Module"),
    ],
)
def test_what_does_not_go_together_is_one_line(heads, ask, said):
    with pytest.raises(InputError, match=said) as caught:
        ask(*heads)
    assert "\n" not in str(caught.value)
