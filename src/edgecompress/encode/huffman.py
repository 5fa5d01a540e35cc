"""Lengths of an optimal prefix code whose codes are no longer than a limit."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

LONGEST = 16
"""A longer code belongs to what hardly occurs."""


def lengths(counts: Counts, longest: int = LONGEST) -> npt.NDArray[np.uint8]:
    """The code length of each symbol; 0 where it does not occur, and for a symbol that is the only one.

    Package-merge (Larmore & Hirschberg, "A fast algorithm for optimal length-limited Huffman codes", Journal of the ACM
    37(3), 1990): ``longest`` times, pair the lightest items and merge the pairs with the symbols; a symbol's length is
    how often it is among the 2n - 2 lightest items that are kept.

    Args:
        counts: how often each symbol occurs, at most 2**longest of them at all.
        longest: limit of the lengths.
    """
    result = np.zeros(len(counts), np.uint8)
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return result
    assert len(present) <= 2**longest
    symbols = present[np.argsort(counts[present], kind="stable")]
    weights = counts[symbols]
    items, leaves = weights, [np.ones(len(weights), bool)]
    for _ in range(longest - 1):
        pairs = items[: len(items) // 2 * 2].reshape(-1, 2).sum(axis=1)
        merged = np.concatenate([weights, pairs])
        order = np.argsort(merged, kind="stable")
        items = merged[order]
        leaves.append(order < len(weights))
    kept = 2 * len(symbols) - 2
    for level in reversed(leaves):
        taken = int(np.count_nonzero(level[:kept]))
        result[symbols[:taken]] += 1
        kept = 2 * (kept - taken)
    return result


def bits(counts: Counts) -> int:
    """Bits that the code spends on all symbols together."""
    return int(np.sum(counts * lengths(counts)))


def weigh(counts: Counts) -> tuple[int, int]:
    """Bits of a Huffman code without a limit for all symbols together, and its greatest length: quick, for estimates.

    The bits are the sum of the weights of all inner nodes, and those come from merging the lightest two. They rise, so
    that a queue of them and one of the symbols hold them in order (van Leeuwen, "On the construction of Huffman trees",
    ICALP 1976); of equally light ones, the shallower are merged first.
    """
    symbols = np.sort(counts[counts > 0]).tolist()
    inner: list[tuple[int, int]] = []
    total = leaf = node = 0
    for _ in range(len(symbols) - 1):
        weight = deepest = 0
        for _ in range(2):
            if node == len(inner) or (leaf < len(symbols) and symbols[leaf] <= inner[node][0]):
                weight += symbols[leaf]
                leaf += 1
            else:
                weight += inner[node][0]
                deepest = max(deepest, inner[node][1])
                node += 1
        total += weight
        inner.append((weight, deepest + 1))
    return total, inner[-1][1] if inner else 0
