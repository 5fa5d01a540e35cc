import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits
from edgecompress.encode.coders import rice

GAPS = st.lists(st.integers(0, 3000), max_size=60).map(lambda found: np.array(found, np.int64))


@pytest.mark.parametrize("k", range(9))
@given(numbers=GAPS)
def test_numbers_come_back_and_take_the_bytes_that_were_counted(k, numbers):
    code = rice.encode(numbers, k)
    assert (code.count, code.k) == (len(numbers), k)
    assert code.size == rice.size(len(numbers), k)
    assert len(code.unary) == len(numbers) + int(np.sum(numbers >> k))
    assert rice.decode(code).tolist() == numbers.tolist()


def test_the_stored_bits_of_a_small_example():
    # 5 = 1 * 4 + 1, 0, 11 = 2 * 4 + 3: zeros and a one each, and the low bits, inverted
    code = rice.encode(np.array([5, 0, 11]), 2)
    assert code.unary.tolist() == [0, 1, 1, 0, 0, 1]
    assert bits.unpack(code.low).tolist() == [2, 3, 0]


def test_without_low_bits_the_ones_are_the_mask():
    mask = np.random.default_rng(0).random(100) < 0.4
    gaps = np.diff(np.flatnonzero(mask), prepend=-1) - 1
    code = rice.encode(gaps, 0)
    assert code.low is None
    assert code.unary.tolist() == mask[: np.flatnonzero(mask)[-1] + 1].tolist()


@pytest.mark.parametrize(("density", "k"), [(0.5, 0), (0.1, 3), (0.02, 5)])
def test_gaps_of_independent_pruning_take_little_more_than_their_entropy(density, k):
    """The gaps are geometric; their entropy is that of the mask of all elements."""
    gaps = np.random.default_rng(0).geometric(density, 50_000) - 1
    entropy = -(density * np.log2(density) + (1 - density) * np.log2(1 - density)) / density / 8
    code = rice.encode(gaps, k)
    assert 0.99 * entropy < (len(code.unary) / 8 + code.size) / len(gaps) < 1.04 * entropy
