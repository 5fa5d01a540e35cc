"""Choose the weights of a layer to prune: those whose loss the others can make good.

Frantar & Alistarh, "SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot", ICML 2023, algorithm 1:
columns are decided one after the other by ``w**2 / [H^-1]_jj`` of Optimal Brain Surgeon (Hassibi & Stork 1992,
equation 5), and the columns that are still to come make good what went. There each block of columns loses as many
weights as any other; here as many as it has among the layer's lowest scores at the start.
"""

import torch

from edgecompress.compress.reconstruct.objective import LayerObjective

# So few are settled together: their scores count on all later columns, of which as many will go. With 64 the masks were
# worse than magnitude's on layers of 64 inputs, with 8 they were better on all that were tried.
BLOCK = 8


def obs_scores(weight: torch.Tensor, hessian: torch.Tensor) -> torch.Tensor:
    """The rise of the error if one weight goes and all others of its output make that good: their equation 5.

    Args:
        weight: at the least error, shape (outputs, features).
        hessian: shape (features, features).
    """
    return weight.square() / torch.cholesky_inverse(torch.linalg.cholesky(hessian)).diagonal()


def choose(objective: LayerObjective, zeros: int) -> torch.Tensor:
    """Choose the weights that stay, boolean of shape (outputs, features), all but exactly ``zeros``.

    What is zero already goes first.
    """
    factor = torch.linalg.cholesky(objective.hessian)
    weight = torch.cholesky_solve(objective.linear.mT, factor).mT.contiguous()
    inverse = torch.cholesky_inverse(factor)
    gone = objective.start == 0
    planned = _lowest((weight.square() / inverse.diagonal()).masked_fill(gone, -1.0), zeros)
    # Row j of this factor says how the columns after j make good what column j loses, with those before it settled.
    upper = torch.linalg.cholesky(inverse, upper=True)
    drop = torch.zeros_like(planned)
    features = weight.shape[1]
    for first in range(0, features, BLOCK):
        last = min(features, first + BLOCK)
        own = slice(first, last)
        scores = (weight[:, own] / upper.diagonal()[own]).square().masked_fill(gone[:, own], -1.0)
        drop[:, own] = _lowest(scores, int(planned[:, own].sum()))
        losses = torch.zeros_like(scores)
        for column in range(first, last):
            loss = torch.where(drop[:, column], weight[:, column], 0.0) / upper[column, column]
            weight[:, column:last] -= loss[:, None] * upper[column, column:last]
            losses[:, column - first] = loss
        weight[:, last:] -= losses @ upper[own, last:]
    return ~drop


def _lowest(scores: torch.Tensor, count: int) -> torch.Tensor:
    """The mask of the ``count`` lowest of all; of equal ones the first."""
    lowest = torch.zeros(scores.numel(), dtype=torch.bool)
    lowest[scores.reshape(-1).argsort(stable=True)[:count]] = True
    return lowest.view(scores.shape)
