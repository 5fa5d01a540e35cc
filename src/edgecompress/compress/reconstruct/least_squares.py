"""The best values of the weights that are kept, output by output: least squares."""

import torch

from edgecompress.compress.reconstruct.conjugate import conjugate_gradients
from edgecompress.compress.reconstruct.objective import LayerObjective

STEPS = 40
TOLERANCE = 1e-5


def solve(objective: LayerObjective, keep: torch.Tensor, start: torch.Tensor | None = None) -> torch.Tensor:
    """The weights of least error among those that are zero wherever ``keep`` is false.

    Each output has a system of normal equations of its own, ``H[k, k] w[k] = b[k]``, with k what it keeps. Those that
    keep few weights are solved directly. For the others that would take a factorisation each, so conjugate gradients
    solve them together: to a hundredth of what is left to gain, and never worse than where they start.

    Args:
        objective: of the layer or one of its groups.
        keep: boolean, shape (outputs, features).
        start: where conjugate gradients start; the weights as they are, by default.

    Returns:
        Float64, of that shape.
    """
    weight = (objective.start if start is None else start) * keep
    kept, features = keep.sum(1), keep.shape[1]
    # A factorisation takes a third of a cube, a step of conjugate gradients a square.
    few = kept.double().pow(3) / 3 <= STEPS * features**2
    for row in torch.nonzero(few & (kept > 0)).view(-1).tolist():
        index = torch.nonzero(keep[row]).view(-1)
        factor = torch.linalg.cholesky(objective.hessian[index][:, index])
        weight[row, index] = torch.cholesky_solve(objective.linear[row, index, None], factor)[:, 0]
    many = ~few
    if bool(many.any()):
        weight[many] = conjugate_gradients(
            objective.hessian.float(),
            objective.linear[many].float(),
            keep[many],
            weight[many].float(),
            steps=STEPS,
            tolerance=TOLERANCE,
        ).double()
    return weight
