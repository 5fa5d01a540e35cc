"""Scores in a pattern's units: of blocks, so that they are chosen like single weights, and of groups of M."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgecompress.compress.prune.patterns import UNSTRUCTURED, Blocks, NOfM
from edgecompress.compress.prune.threshold import Scores

Mask = NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)


def of_blocks(scores: Scores, pattern: Blocks) -> Scores:
    """The sum of the scores in each block: under the magnitude criterion, the block's L1 norm.

    Args:
        scores: shape (out, in, ...), in whole blocks. -inf stands for a weight that is pruned already.
        pattern: the blocks.

    Returns:
        A flat array, one score a block. A pruned weight adds nothing; a block of them alone is -inf again.
    """
    if pattern == UNSTRUCTURED:
        return scores.reshape(-1)
    blocks = _blocked(scores, pattern)
    pruned = np.isneginf(blocks)
    sums = np.where(pruned, np.float32(0), blocks).sum(axis=(1, 3))
    sums[pruned.all(axis=(1, 3))] = -np.inf
    return np.ascontiguousarray(sums).reshape(-1)


def whole_blocks(keep: Mask, shape: tuple[int, ...], pattern: Blocks) -> Mask:
    """The mask of weights, of ``shape`` (out, in, ...), for a flat mask of blocks."""
    if pattern == UNSTRUCTURED:
        return keep.reshape(shape)
    mask = np.empty(shape, dtype=np.bool_)
    blocks = _blocked(mask, pattern)
    blocks[...] = keep.reshape(blocks.shape[0], 1, blocks.shape[2], 1, -1)
    return mask


def best_of_groups(scores: Scores, pattern: NOfM, sparsity: float) -> Mask:
    """The mask that drops the lowest ``round(sparsity * M)`` of every group of M, among equals the first.

    Args:
        scores: shape (out, in, ...), with M a divisor of ``in``.
        pattern: N and M.
        sparsity: fraction that goes; at the pattern's own, N of M stay.
    """
    dropped = min(round(sparsity * pattern.group), pattern.group - pattern.kept)
    last = np.moveaxis(scores, 1, -1)
    order = np.argsort(last.reshape(-1, pattern.group), axis=1, kind="stable")
    keep = np.ones(order.shape, dtype=np.bool_)
    np.put_along_axis(keep, order[:, :dropped], False, axis=1)
    return np.ascontiguousarray(np.moveaxis(keep.reshape(last.shape), -1, 1))


def _blocked(array: NDArray[Kind], pattern: Blocks) -> NDArray[Kind]:
    """A view of a contiguous array, of shape (out / OUT, OUT, in / IN, IN, positions of the kernel)."""
    out, inputs = array.shape[:2]
    return array.reshape(out // pattern.out, pattern.out, inputs // pattern.inputs, pattern.inputs, -1)
