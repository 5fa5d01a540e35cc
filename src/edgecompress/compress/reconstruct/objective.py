"""The error of a layer's outputs with other weights: a quadratic function of them, the same for each output.

Layer-wise reconstruction (Hassibi & Stork, "Second order derivatives for network pruning: Optimal Brain Surgeon", NIPS
1992; Frantar, Singh & Alistarh, "Optimal Brain Compression", NeurIPS 2022, equation 2): the weights ``w`` of an output
are chosen for the least mean of ``(y - w x)**2``. There ``y`` and ``x`` are of the same network; here ``y`` is the
dense network's output and ``x`` the compressed network's input, so the least is not at the dense weights.
"""

from dataclasses import dataclass

import torch

from edgecompress.compress.reconstruct.moments import Moments

_TRIES = 30  # each with ten times as much: from rounding to anything in a matrix


@dataclass(frozen=True)
class LayerObjective:
    """One group of a layer: ``w H w^T - 2 b w^T + c`` for each output, damped.

    The damping adds ``d * |w - w0|**2``, with ``w0`` the weights as they are, so that what few inputs do not decide
    stays.

    Attributes:
        hessian: ``H``, float64 of shape (features, features), positive definite.
        linear: ``b`` of each output, shape (outputs, features).
        constant: ``c`` of each output, shape (outputs,).
        damping: ``d``.
        start: ``w0``, shape (outputs, features).
    """

    hessian: torch.Tensor
    linear: torch.Tensor
    constant: torch.Tensor
    damping: float
    start: torch.Tensor

    def damped(self, weight: torch.Tensor) -> torch.Tensor:
        """The function's value for each output, shape (outputs,). ``weight``: shape (outputs, features)."""
        return ((weight @ self.hessian - 2 * self.linear) * weight).sum(1) + self.constant

    def error(self, weight: torch.Tensor) -> float:
        """The mean squared error of the outputs, summed over them, without the damping."""
        penalty = self.damping * (weight - self.start).square().sum(1)
        return float((self.damped(weight) - penalty).clamp(min=0.0).sum())


def objectives(moments: Moments, start: torch.Tensor, damping: float) -> list[LayerObjective]:
    """The objective of each group.

    Args:
        moments: of the layer, about their means where its bias is free.
        start: its weights as they are, float64 of shape (groups, outputs, features).
        damping: as a fraction of the mean of H's diagonal.
    """
    found = []
    for hessian, linear, constant, weight in zip(
        moments.inputs, moments.cross, moments.output_square, start, strict=True
    ):
        # Where no input is ever anything, any damping will do: the weights stay.
        damped, added = _positive(hessian, damping * float(hessian.diagonal().mean()) or 1.0)
        constants = constant + added * weight.square().sum(1)
        found.append(LayerObjective(damped, linear + added * weight, constants, added, weight))
    return found


def _positive(hessian: torch.Tensor, added: float) -> tuple[torch.Tensor, float]:
    """``hessian`` with ``added``, or as much more as makes it positive definite, on its diagonal; and how much that is.

    Where inputs hardly move about a large mean, a second moment less the mean's square is little but rounding.
    """
    diagonal = torch.eye(len(hessian), dtype=hessian.dtype)
    for _ in range(_TRIES):
        damped = hessian + added * diagonal
        if not int(torch.linalg.cholesky_ex(damped).info):
            break
        added = 10 * max(added, torch.finfo(hessian.dtype).eps * float(hessian.abs().max()))
    return damped, added
