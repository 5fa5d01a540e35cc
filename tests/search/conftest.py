"""A small problem with a layer that everything goes through, and one search of it."""

from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from torch import nn

from edgecompress.compress.context import Context
from edgecompress.compress.stages.contract import Run
from edgecompress.compress.stages.order import order
from edgecompress.compress.stages.run import begin, go_on
from edgecompress.compress.train import TrainingData
from edgecompress.progress import silent
from edgecompress.recipe import Recipe
from edgecompress.search.limits import Limits
from edgecompress.search.records import SearchRecord
from edgecompress.search.run import search
from edgecompress.search.searchable import Searchable, searchable
from edgecompress.search.trial import TrialSubject
from edgecompress.sources.to_onnx import grapher

STAGE = {"learning_rate": 0.05, "batch_size": 32, "augment": False}
SHAPE = (1, 8, 8)
DOCUMENT = {
    "train": {**STAGE, "epochs": 4},
    "prune": {**STAGE, "epochs": 3, "sparsity": 0.8},
    "retrain": {**STAGE, "epochs": 2},
    "cluster": {"epochs": 1, "bits": 5, "batch_size": 32, "augment": False},
    "search": {"steps": 20, "sparsities": [0.5, 0.9, 0.98], "bits": [1, 3, 5], "candidates": 2},
}
LIMITS = Limits(max_drop=3.0, size_budget=None, trials=10)


graph = grapher(SHAPE)


def samples(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(99))
    y = torch.randint(0, 4, (count,), generator=generator)
    return patterns[y] + 1.2 * torch.randn(count, *SHAPE, generator=generator), y


def network() -> nn.Module:
    """All that the wide layer learns goes through the eight weights a class of the narrow one."""
    torch.manual_seed(3)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(1, 8, 3, bias=False),
            norm=nn.BatchNorm2d(8),
            relu=nn.ReLU(),
            flatten=nn.Flatten(),
            wide=nn.Linear(8 * 36, 64),
            relu2=nn.ReLU(),
            narrow=nn.Linear(64, 4),
        )
    )


def context(folder, progress=silent, **changes) -> Context:
    """As the stages are given it; ``changes`` as ``stage__key``, or a whole table."""
    document = {name: dict(table) for name, table in DOCUMENT.items()}
    for key, value in changes.items():
        stage, _, field = key.partition("__")
        document[stage] = {**document[stage], field: value} if field else value
    return Context(
        recipe=Recipe.model_validate(document),
        training=TrainingData(*samples(320, 1)),
        validation=samples(200, 2),
        folder=folder / "stages",
        identity={"test": 1},
        progress=progress,
    )


def run(folder, limits=LIMITS, progress=silent, record="search.json", **changes) -> SearchRecord:
    given = context(folder, progress, **changes)
    empty = SearchRecord(
        tool_version="0", model="tiny", data="patterns", recipe=given.recipe,
        max_drop=limits.max_drop, size_budget=limits.size_budget,
    )  # fmt: skip
    return search(
        network(),
        given,
        limits,
        trained=False,
        graph=graph,
        path=folder / record,
        empty=empty,
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the stages of all tests' networks are kept: the baseline is trained once."""
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="session")
def searched(folder) -> SearchRecord:
    """A search with ten trials, the last two of which are sampled."""
    return run(folder)


@pytest.fixture
def start(folder):
    """A subject after the recipe's own stages, and the state that these ended with."""

    def make(**changes) -> tuple[TrialSubject, Run]:
        module, given = network(), context(folder, **changes)
        stages = order(given.recipe, trained=False)
        baseline = go_on(module, begin(given), stages[:1])
        unpruned = go_on(module, baseline, stages[1:-3])
        return TrialSubject(module, baseline, unpruned, graph), go_on(module, unpruned, stages[-3:])

    return make


@pytest.fixture
def layers(folder):
    def make(**changes) -> list[Searchable]:
        return searchable(network(), context(folder, **changes).recipe)

    return make


@pytest.fixture
def again(folder):
    """Run a search in the same cache, with its record in a file of its own."""

    def make(record, limits=LIMITS, **options) -> SearchRecord:
        return run(folder, replace(limits), record=record, **options)

    return make
