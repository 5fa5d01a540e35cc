"""A small, learnable problem: which of three patterns a noisy 8x8 image holds."""

import pytest
import torch
from torch import nn

from edgecompress.compress.context import Context
from edgecompress.compress.train import TrainingData
from edgecompress.progress import silent
from edgecompress.recipe import Recipe

STAGE = {"learning_rate": 0.05, "batch_size": 32, "augment": False}


def samples(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(99))
    y = torch.randint(0, 3, (count,), generator=generator)
    return patterns[y] + 0.8 * torch.randn(count, 1, 8, 8, generator=generator), y


@pytest.fixture
def network():
    def make() -> nn.Module:
        torch.manual_seed(3)
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 3)
        )

    return make


@pytest.fixture
def context(tmp_path):
    def make(progress=silent, **changes) -> Context:
        document = {
            "train": {**STAGE, "epochs": 3},
            "prune": {**STAGE, "epochs": 2, "sparsity": 0.8},
            "retrain": {**STAGE, "epochs": 2},
            "cluster": {"epochs": 2, "bits": 3, "batch_size": 32, "augment": False},
        }
        for key, value in changes.items():
            stage, _, field = key.partition("__")
            document[stage] = {**document[stage], field: value} if field else value
        return Context(
            recipe=Recipe.model_validate(document),
            training=TrainingData(*samples(320, 1)),
            validation=samples(100, 2),
            folder=tmp_path / "checkpoints",
            identity={"test": 1},
            progress=progress,
        )

    return make
