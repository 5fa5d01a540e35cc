"""The scores of a network's weights by one criterion, built up while it trains where the criterion needs that."""

import hashlib
from collections.abc import Mapping

import torch

from edgecompress import methods
from edgecompress.errors import InputError

CRITERIA = "edgecompress.compress.prune.criteria"


def accumulates(criterion: str) -> bool:
    """Return whether ``criterion`` accumulates its scores from gradients, so that there are none before the first step.

    Raises:
        InputError: there is no such criterion.
    """
    return "gradient" in methods.keywords(methods.find(CRITERIA, criterion))


class Scoring:
    """Scores by a criterion; see ``criteria/contract.py`` for what criteria ask for.

    Args:
        weights: the layers to score, by name.
        criterion: its name.
        seed: of criteria that draw.

    Attributes:
        accumulated: the scores so far of each layer, changed in place; empty where nothing builds up.
    """

    def __init__(self, weights: Mapping[str, torch.Tensor], criterion: str, seed: int) -> None:
        self.weights, self.seed = weights, seed
        self.criterion = methods.find(CRITERIA, criterion)
        self.draws = "generator" in methods.keywords(self.criterion)
        self.accumulated: dict[str, torch.Tensor] = {}
        if accumulates(criterion):
            # In float32 whatever the weights are: a running sum loses what is small beside it.
            self.accumulated = {n: torch.zeros_like(w, dtype=torch.float32) for n, w in weights.items()}

    def collect(self) -> None:
        """Take in the gradients of a step.

        Raises:
            InputError: a layer has none, because the network does not use it.
        """
        for name, score in self.accumulated.items():
            weight = self.weights[name]
            if weight.grad is None:
                raise InputError(f"layer '{name}' has no gradient; keep it dense: layers.'{name}'.dense = true")
            score.copy_(self.criterion(weight, gradient=weight.grad, score=score))

    def layer(self, name: str) -> torch.Tensor:
        """The scores of one layer."""
        if name in self.accumulated:
            return self.accumulated[name]
        if not self.draws:
            scores: torch.Tensor = self.criterion(self.weights[name])
            return scores
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little"))
        drawn: torch.Tensor = self.criterion(self.weights[name], generator=generator)
        return drawn
