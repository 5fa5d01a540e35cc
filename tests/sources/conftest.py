import sys
import textwrap

import pytest

NETS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        return self.head(self.drop(torch.relu(self.norm(self.conv(x))).mean((2, 3))))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 8)
        self.mix = nn.Linear(4, 8)
        self.last = nn.Linear(8, 8)

    def forward(self, tokens, x):
        h = self.table(tokens).mean(1) + torch.relu(self.mix(x))
        return {"last": self.last(h), "sum": h.sum(1, keepdim=True)}


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(8, 8)
        self.second = nn.Linear(8, 8)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


def make():
    torch.manual_seed(0)
    return Net()


def two():
    torch.manual_seed(0)
    return Two()


def tied():
    torch.manual_seed(0)
    return Tied()


def needs(classes):
    return Net(classes)


def fails():
    raise RuntimeError("no such device\\nand more")


def number():
    return 3


def hollow():
    return nn.ReLU()


value = 7
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with the module ``nets``; what is imported from it is forgotten with it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(textwrap.dedent(NETS))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
