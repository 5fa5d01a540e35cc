import pytest
import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress.structure.cutting import dense
from edgecompress.compress.structure.equivalence import MOVED, NarrowingTrial
from edgecompress.compress.structure.groups import remove, trace
from edgecompress.compress.structure.shapes import load_state
from edgecompress.errors import InputError

from .conftest import recipe, sample

SHAPE = (1, 8, 8)


class Between(nn.Module):
    """Any function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def around(between, channels: int = 16) -> nn.Module:
    """A network whose first layer makes 16 channels and whose second reads what ``between`` makes of them."""
    torch.manual_seed(5)
    layer = between if isinstance(between, nn.Module) else Between(between)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), layer, nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3),
    ).eval()  # fmt: skip


def shuffled(x):
    return x.view(len(x), 2, x.shape[1] // 2, *x.shape[2:]).transpose(1, 2).reshape(x.shape)


BACKWARDS = torch.arange(15, -1, -1)
MOVE = {
    "shuffle": (nn.ChannelShuffle(4), 16),
    "view and transpose": (shuffled, 16),
    "roll": (lambda x: x.roll(1, 1), 16),
    "flip": (lambda x: x.flip(1), 16),
    "added to its flip": (lambda x: x + x.flip(1), 16),
    "padded": (lambda x: functional.pad(x, (0, 0, 0, 0, 4, 4)), 24),
    "pixel shuffle": (nn.PixelShuffle(2), 4),
    "pixel unshuffle": (nn.PixelUnshuffle(2), 64),
    "permuted": (lambda x: x[:, BACKWARDS], 16),
    "index_select": (lambda x: x.index_select(1, BACKWARDS), 16),
    "repeat": (lambda x: x.repeat(1, 2, 1, 1), 32),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), 32),
    "view and sum": (lambda x: x.view(len(x), 4, 4, *x.shape[2:]).sum(2), 4),
    "unfold": (lambda x: functional.unfold(x, 2, stride=2).view(len(x), 64, *(size // 2 for size in x.shape[2:])), 64),
    "topk": (lambda x: x.topk(8, 1)[0], 8),
    "sorted": (lambda x: x.sort(1)[0], 16),
    "softmax": (lambda x: x.softmax(1), 16),
    "halves": (lambda x: x[:, :8] + x[:, 8:], 8),
    "gated": (lambda x: functional.glu(x, 1), 8),
    "cumsum": (lambda x: x.cumsum(1), 16),
    "neighbours": (nn.LocalResponseNorm(3), 16),
    "stacked": (lambda x: torch.stack(x.unbind(1)[::-1], 1), 16),
}
STAY = {
    "sigmoid": torch.sigmoid,
    "height and width": lambda x: x.transpose(2, 3),
    "there and back": lambda x: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
    "normalised": nn.BatchNorm2d(16),
}


@pytest.mark.parametrize("name", MOVE)
def test_a_layer_whose_channels_move_is_left_alone_and_the_next_is_not(name):
    begin = dense(around(*MOVE[name]), sample(SHAPE), recipe(macs=0.9))
    assert list(begin.left) == ["0"]
    assert "3" in begin.least


@pytest.mark.parametrize("name", STAY)
def test_a_layer_whose_channels_keep_their_places_is_cut(name):
    begin = dense(around(STAY[name]), sample(SHAPE), recipe())
    assert not begin.left
    assert list(begin.least) == ["0", "3"]


def test_what_a_trial_calls_right_computes_the_same_in_float64():
    module = around(STAY["normalised"]).double()
    found, gone = trace(module, sample(SHAPE), recipe()).groups, {"0": [0, 3, 9], "3": [15]}
    assert NarrowingTrial(module, sample(SHAPE)).wrong(found, gone) is None
    with torch.no_grad():
        module[3].weight[:, gone["0"]] = 0
        module[7].weight[:, gone["3"]] = 0
        x = torch.randn(4, *SHAPE, dtype=torch.float64)
        expected = module(x)
        load_state(module, remove(module, found, gone))
        assert torch.allclose(module(x), expected, rtol=1e-12, atol=1e-14)


def test_weights_that_hide_a_fault_do_not_hide_it():
    module = around(*MOVE["flip"])
    with torch.no_grad():
        module[3].weight.zero_()
    found = trace(module, sample(SHAPE), recipe()).groups
    assert NarrowingTrial(module, sample(SHAPE)).unsound(found, {"0": [0, 1], "3": [0]}) == {"0": MOVED}


def test_a_cut_that_is_symmetric_is_right_even_where_channels_turn_round():
    module = around(*MOVE["flip"])
    found = trace(module, sample(SHAPE), recipe()).groups
    assert NarrowingTrial(module, sample(SHAPE)).wrong(found, {"0": [2, 13]}) is None
    assert NarrowingTrial(module, sample(SHAPE)).wrong(found, {"0": [2, 12]}) == MOVED


def test_float32_by_name_is_tried_in_float32():
    module = around(lambda x: x.float())
    assert list(dense(module, sample(SHAPE), recipe()).least) == ["0", "3"]


def test_where_nothing_can_go_the_line_says_why():
    module = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ChannelShuffle(4), nn.Flatten(), nn.Linear(16 * 36, 3))
    with pytest.raises(InputError, match=r"no channel may go; .* left alone: '0' \(between layers its channels"):
        dense(module, sample(SHAPE), recipe())
