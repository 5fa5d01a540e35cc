"""Small layers and networks with inputs that are correlated, as those of layers are."""

import pytest
import torch
from torch import nn

from edgecompress.compress.reconstruct.moments import Moments
from edgecompress.compress.reconstruct.objective import LayerObjective, objectives


def correlated(count: int, features: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(features, features, generator=generator, dtype=torch.float64)
    return torch.randn(count, features, generator=generator, dtype=torch.float64) @ mixing + 0.3


@pytest.fixture
def problem():
    """An objective, and the inputs x, outputs y and weights w that it is made of."""

    def make(
        outputs: int = 3, features: int = 6, count: int = 50, damping: float = 1e-9, seed: int = 0
    ) -> tuple[LayerObjective, torch.Tensor, torch.Tensor, torch.Tensor]:
        x = correlated(count, features, seed)
        generator = torch.Generator().manual_seed(seed + 1)
        w = torch.randn(outputs, features, generator=generator, dtype=torch.float64)
        y = x @ w.mT + 0.1 * torch.randn(count, outputs, generator=generator, dtype=torch.float64)
        moments = Moments(
            (x.mT @ x / count)[None],
            (y.mT @ x / count)[None],
            x.mean(0)[None],
            y.mean(0)[None],
            y.square().mean(0)[None],
        )
        return objectives(moments, w[None], damping)[0], x, y, w

    return make


def smooth(count: int, seed: int) -> torch.Tensor:
    """Images of two channels whose pixels are like their neighbours; mean 0, deviation about 1."""
    noise = torch.randn(count, 2, 12, 12, generator=torch.Generator().manual_seed(seed))
    return 4 * nn.functional.avg_pool2d(noise, 5, stride=1) + 0.5 * noise[:, :, :8, :8]


@pytest.fixture
def images():
    return smooth


@pytest.fixture
def normed():
    """A network with BatchNorm, a grouped convolution and a linear head, whose statistics are not the initial ones."""

    def make() -> nn.Module:
        torch.manual_seed(5)
        network = nn.Sequential(
            nn.Conv2d(2, 8, 3, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, groups=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(8 * 16, 3),
        )
        network.train()
        for seed in range(30):
            network(smooth(64, seed))
        return network.eval()

    return make
