import heapq
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.encode import huffman

COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=40).map(lambda found: np.array(found, np.int64))


def merged_two_by_two(counts):
    """Bits of Huffman's own algorithm: the weights of all inner nodes of its tree."""
    nodes = [count for count in counts if count]
    heapq.heapify(nodes)
    total = 0
    while len(nodes) > 1:
        node = heapq.heappop(nodes) + heapq.heappop(nodes)
        total += node
        heapq.heappush(nodes, node)
    return total


def least_by_trying_all(counts, longest):
    """The fewest bits among all lengths that a prefix code can have (Kraft's inequality)."""
    present = [count for count in counts if count]
    if len(present) < 2:
        return 0
    lengths = np.array(list(product(range(1, longest + 1), repeat=len(present))))
    possible = lengths[(2.0**-lengths).sum(axis=1) <= 1]
    return int((possible @ np.array(present)).min())


@settings(max_examples=60)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=5), st.integers(3, 6))
def test_no_prefix_code_within_the_limit_takes_fewer_bits(counts, longest):
    counts = np.array(counts)
    lengths = huffman.lengths(counts, longest)
    assert lengths.max() <= longest
    assert int(lengths @ counts) == least_by_trying_all(counts.tolist(), longest)


@given(COUNTS)
def test_codes_are_complete_and_every_symbol_that_occurs_has_one(counts):
    lengths = huffman.lengths(counts)
    if np.count_nonzero(counts) < 2:
        assert not lengths.any()
        return
    assert np.array_equal(lengths > 0, counts > 0)
    assert np.sum(2.0 ** -lengths[lengths > 0].astype(float)) == 1


@given(COUNTS)
def test_without_a_limit_the_bits_are_those_of_huffmans_algorithm(counts):
    expected = merged_two_by_two(counts.tolist())
    free = huffman.lengths(counts, max(1, len(counts) - 1))
    total, depth = huffman.weigh(counts)
    assert int(free @ counts) == total == expected
    assert depth >= free.max()  # where counts tie there are trees of one weight and different depths
    assert huffman.bits(counts) >= expected


def test_where_counts_grow_like_fibonacci_numbers_the_limit_binds():
    counts = np.array([1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765])
    assert huffman.weigh(counts)[1] == 19
    lengths = huffman.lengths(counts)
    assert lengths.max() == huffman.LONGEST
    assert np.sum(2.0 ** -lengths.astype(float)) == 1
    # What the limit costs is next to nothing: only what hardly occurs has the longest codes.
    assert huffman.bits(counts) < 1.001 * huffman.weigh(counts)[0]


@pytest.mark.parametrize("longest", [8, 9, 16])
def test_256_equal_symbols_have_codes_of_a_byte(longest):
    assert huffman.lengths(np.full(256, 7), longest).tolist() == [8] * 256
