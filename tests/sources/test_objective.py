import pytest
import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress.evaluate import judged
from edgecompress.errors import CheckError, InputError
from edgecompress.manifest import End
from edgecompress.recipe import load
from edgecompress.sources.objective import Objective
from edgecompress.sources.signature import Signature


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x):
        return {"box": self.linear(x).reshape(-1, 2, 2)}


ENDS = Signature((End(name="x", shape=[3], dtype="float32"),), (End(name="box", shape=[2, 2], dtype="float32"),))
X, Y = torch.randn(5, 3), torch.randn(5, 2, 2)


def loss(outputs, targets):
    return functional.mse_loss(outputs["box"], targets)


def broken(outputs, targets):
    return float("nan")


def test_outputs_reach_both_functions_as_the_network_gives_them():
    net = Net()
    found = Objective.of(net, ENDS, loss, lambda outputs, targets: len(outputs["box"]))
    row = net(X)
    assert row.shape == (5, 2, 2), "one output keeps its shape"
    assert torch.equal(found.loss(X, row, Y), functional.mse_loss(row, Y))
    assert judged(net, (X, Y), found.metric) == 5
    assert (found.metric.name, found.metric.better) == ("<lambda>", None), "nobody said which way is better"
    assert Objective.of(Net(), ENDS, loss, loss, "higher").metric.drop(1.0, 1.5) == -0.5


def test_a_loss_alone_judges_too_and_a_metric_alone_trains_nothing_else():
    net = Net()
    alone = Objective.of(net, ENDS, loss, None)
    assert alone.metric.name == "loss, loss"
    assert judged(net, (X, Y), alone.metric) == pytest.approx(float(loss({"box": net(X)}, Y)))
    assert set(alone.decides) == {"loss"}
    assert alone.metric.drop(1.0, 1.5) == 0.5, "a loss is better where it is lower"
    assert Objective.of(Net(), ENDS, None, loss).loss is None


def test_what_cannot_be_is_one_line():
    net = Net()
    found = Objective.of(net, ENDS, loss, broken)
    with pytest.raises(CheckError, match="the metric 'broken' is nan"):
        judged(net, (X, Y), found.metric)
    with pytest.raises(InputError, match="learns from scores of classes"):
        found.check(load("any", {"distill": {}}), ENDS)
    with pytest.raises(InputError, match=r"prune\.label_smoothing is of the loss of classes"):
        found.check(load("any", {"prune.label_smoothing": 0.1}), ENDS)
    found.check(load("any"), ENDS)
