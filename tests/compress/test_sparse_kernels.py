import pytest
from torch import nn

from edgecompress.compress.sparse_kernels import worth_pairs


def network(stem: nn.Conv2d | None = None, pointwise: int = 16, *more: nn.Module) -> nn.Sequential:
    stem = stem or nn.Conv2d(3, 8, 3, stride=2, padding=1)
    return nn.Sequential(stem, nn.ReLU(), nn.Conv2d(8, pointwise, 1), nn.Conv2d(pointwise, 32, 1), *more)


def test_a_network_of_1x1_convolutions_behind_a_stem_is_worth_it():
    assert worth_pairs(network())
    assert worth_pairs(network(nn.Conv2d(1, 8, 3, stride=2, padding=1)))


@pytest.mark.parametrize(
    "stem",
    [
        nn.Conv2d(3, 8, 3, stride=2),
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Conv2d(3, 8, 5, stride=2, padding=2),
        nn.Conv2d(4, 8, 3, stride=2, padding=1),
        nn.Conv2d(2, 8, 3, stride=2, padding=1),
    ],
    ids=["no padding", "stride 1", "5x5", "4 channels", "2 channels"],
)
def test_another_entry_keeps_the_kernels_off(stem):
    assert not worth_pairs(network(stem))


def test_so_do_odd_channels_large_kernels_and_signals():
    assert not worth_pairs(network(None, 15))
    assert not worth_pairs(network(None, 16, nn.Conv2d(32, 32, 3)))
    assert not worth_pairs(nn.Sequential(nn.Conv1d(3, 8, 3, stride=2, padding=1), nn.Conv1d(8, 16, 1)))
    assert not worth_pairs(nn.Sequential(nn.Linear(3, 3), *network()))
