"""Contract checks of a pruning criterion; see ``compress/prune/criteria/contract.py``."""

from collections.abc import Callable

import torch

from edgecompress import methods
from edgecompress.testing.expect import expect

SHAPES = ((4, 2, 3, 3), (4, 2, 5), (3, 4), (1, 1))
"""Of weights: convolutions of images and of signals, linear layers."""
_KNOWN = [set(), {"generator"}, {"gradient", "score"}]


def check_criterion(criterion: Callable[..., torch.Tensor]) -> None:
    """Make sure that ``criterion`` scores weights of every shape as it should.

    Scores are finite, of the weight's shape and without a gradient; the same asked twice; and the weight stays.

    Raises:
        AssertionError: it breaks its contract.
    """
    asks = set(methods.keywords(criterion))
    expect(
        asks in _KNOWN,
        f"it asks for {', '.join(sorted(asks))}; a criterion asks for nothing, generator, or gradient and score",
    )
    for shape in SHAPES:
        weight = torch.nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(1)))
        before = weight.detach().clone()
        scores, again = (_scores(criterion, asks, weight) for _ in range(2))
        expect(scores.shape == weight.shape, f"scores of {list(shape)} have shape {list(scores.shape)}")
        expect(scores.isfinite().all(), f"scores of {list(shape)} are not finite")
        expect(not scores.requires_grad, "scores carry a gradient: take weight.detach()")
        expect(torch.equal(scores, again), "scores of the same weight differ from call to call")
        expect(torch.equal(weight, before), "the weight was changed")


def _scores(criterion: Callable[..., torch.Tensor], asks: set[str], weight: torch.Tensor) -> torch.Tensor:
    if "generator" in asks:
        return criterion(weight, generator=torch.Generator().manual_seed(3))
    if "gradient" not in asks:
        return criterion(weight)
    score = torch.zeros_like(weight, dtype=torch.float32)
    for step in range(3):
        gradient = torch.randn(weight.shape, generator=torch.Generator().manual_seed(step))
        score = criterion(weight, gradient=gradient, score=score)
    return score
