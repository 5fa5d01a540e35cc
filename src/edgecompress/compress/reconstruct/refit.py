"""The best centroids for weights that have one each: least squares on the error of the layer's outputs."""

from collections.abc import Sequence

import torch

from edgecompress.compress.reconstruct.objective import LayerObjective


def refit(
    parts: Sequence[LayerObjective],
    labels: Sequence[torch.Tensor],
    keeps: Sequence[torch.Tensor],
    centroids: torch.Tensor,
) -> torch.Tensor:
    """The centroids of least error, with every weight at the centroid that it has.

    A row of weights is ``S c``, with one 1 in each row of S; so the normal equations for the k centroids c are the sums
    of ``S^T H S`` and ``S^T b`` over all outputs.

    Args:
        parts: the objectives of the outputs that share the centroids.
        labels: int64 of shape (outputs, features) for each part, the index of a weight's centroid.
        keeps: boolean of that shape; what is not kept is zero and has no centroid.
        centroids: as they are, shape (k,). One without weights stays.

    Returns:
        Float64, shape (k,), in the same order.
    """
    number = len(centroids)
    matrix, right = torch.zeros(number, number, dtype=torch.float64), torch.zeros(number, dtype=torch.float64)
    for part, label, keep in zip(parts, labels, keeps, strict=True):
        for row, kept in enumerate(keep):
            index = torch.nonzero(kept).view(-1)
            of = label[row, index]
            inner = part.hessian if len(index) == len(kept) else part.hessian[index][:, index]
            sums = torch.zeros(number, len(index), dtype=torch.float64).index_add_(0, of, inner)
            matrix.index_add_(1, of, sums)
            right.index_add_(0, of, part.linear[row, index])
    used = torch.nonzero(matrix.diagonal() > 0).view(-1)
    found = centroids.clone()
    if len(used):
        factor = torch.linalg.cholesky(matrix[used][:, used])
        found[used] = torch.cholesky_solve(right[used, None], factor)[:, 0]
    return found
