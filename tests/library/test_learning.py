import numpy as np
import pytest
import torch
from torch import nn

from edgecompress.errors import InputError
from edgecompress.library.learning import read
from edgecompress.progress import silent
from edgecompress.recipe import load

NET = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
X = torch.arange(60 * 64.0).reshape(60, 1, 8, 8) / 4096
Y = torch.arange(60) % 3


def learning(data, validation=None, example=None, *, net=NET, with_loss=False, **changes):
    return read(net, load("any", changes), data, validation, example, with_loss=with_loss, progress=silent)


def test_a_part_of_each_class_is_held_out():
    found = learning((X, Y))
    assert (len(found.training.x), found.why_not) == (54, None)
    assert torch.bincount(found.validation_y).tolist() == [2, 2, 2]
    whole = torch.cat([found.training.x, found.validation_x])
    assert torch.equal(whole.sort(0).values, X) and torch.equal(learning((X, Y)).validation_x, found.validation_x)
    held = found.validation_x[:, 0, 0, 0].mul(64).long()
    assert torch.equal(Y[held], found.validation_y)


def test_validation_samples_of_the_callers_are_the_ones():
    found = learning((X[:40], Y[:40]), (X[40:], Y[40:]))
    assert torch.equal(found.training.x, X[:40]) and torch.equal(found.validation_y, Y[40:])
    assert found.sha256() != learning((X[:40], Y[:40])).sha256()


def test_targets_of_a_loss_go_with_their_samples():
    found = learning((X, [{"number": number} for number in range(60)]), with_loss=True)
    for x, y in ((found.training.x, found.training.y), (found.validation_x, found.validation_y)):
        assert [each["number"] for each in y] == x[:, 0, 0, 0].mul(64).long().tolist()
    assert len(found.validation_y) == 6


def test_named_data_are_read_as_build_reads_them(tmp_path):
    np.savez(tmp_path / "data.npz", x=X.numpy(), y=Y.numpy(), x_test=X[:9].numpy(), y_test=Y[:9].numpy())
    found = learning(tmp_path / "data.npz", **{"inputs.mean": [0.5]})
    assert (len(found.training.x), len(found.validation_x)) == (54, 6)
    assert float(found.training.x.min()) == pytest.approx(float(X.min()) - 0.5, abs=0.05)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(3600, 10))
    assert len(learning("digits", net=net).training.x) > 1000


def test_without_targets_or_data_there_is_a_reason():
    assert learning(X).why_not == "the data have no targets"
    assert len(learning(X).training.x) == 60
    without = learning(None, example=X[:1])
    assert without.why_not == "no data were given" and without.training.x.shape == (0, 1, 8, 8)
    assert learning(None, **{"inputs.shapes": ["1x8x8"]}).training.x.shape == (0, 1, 8, 8)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: learning((X, Y + 1)), "store y - 1"),
        (lambda: learning((X, Y - 1)), "numbered from 0"),
        (lambda: learning((X, Y.float())), "not one whole number a sample; give loss="),
        (lambda: learning((X, Y), X), "data and validation are to have targets both"),
        (lambda: learning(None, (X, Y)), "give data too"),
        (lambda: learning("digits", (X, Y)), "leave validation out"),
        (lambda: learning((X[:, :, :4], Y)), "give inputs as forward takes them"),
        (lambda: learning((X, torch.zeros(60, dtype=torch.int64))), "one class"),
        (lambda: learning("digits", net=nn.Conv2d(1, 1, 3), with_loss=True), "puts out 1x30x30"),
    ],
)
def test_what_does_not_fit_is_one_line(ask, said):
    with pytest.raises(InputError, match=said) as caught:
        ask()
    assert "\n" not in str(caught.value)
