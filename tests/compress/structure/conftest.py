"""Networks of all shapes, and recipes that ask for fewer channels."""

import pytest
import torch
from torch import nn

from edgecompress.recipe import Recipe
from edgecompress.sources.load import network

STAGE = {"epochs": 1, "learning_rate": 0.1}
IMAGE, SIGNAL = (1, 32, 32), (9, 128)
NETWORKS = [(name, shape) for name in ("alexnet", "resnet18", "vgg16bn", "vgg19bn") for shape in (IMAGE, SIGNAL)]


def recipe(layers=None, **structure) -> Recipe:
    """A recipe with this table ``structure``."""
    return Recipe.model_validate(
        {
            "train": STAGE,
            "structure": {"macs": 0.5, **structure},
            "prune": {**STAGE, "sparsity": 0.5},
            "retrain": STAGE,
            "cluster": {"epochs": 1, "bits": 3},
            "layers": layers or {},
        }
    )


def sample(shape: tuple[int, ...], count: int = 1) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(4))


def trained(name: str, shape: tuple[int, ...], width: float = 0.25) -> nn.Module:
    """A network whose statistics and scales are those of no fresh one, so that a wrong index shows."""
    torch.manual_seed(2)
    module = network(name, shape, 5, width=width)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 1.5)
        elif isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    return module.eval()


@pytest.fixture
def flattened() -> nn.Module:
    """A head that reads several positions of each channel."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 3)
    ).eval()
