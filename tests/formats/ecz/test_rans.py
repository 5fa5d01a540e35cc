import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.rans import RansTable
from edgecompress.formats.ecz.block import varint
from edgecompress.formats.ecz.rans import encode, frequencies

counts = st.lists(st.integers(0, 10**6), min_size=2, max_size=600).filter(lambda each: np.count_nonzero(each) >= 2)


@given(counts)
def test_a_table_gives_every_symbol_that_occurs_a_share(given_counts):
    table = frequencies(np.array(given_counts))
    assert table.units.sum() == 1 << table.bits
    assert ((table.units > 0) == (np.array(given_counts) > 0)).all()
    read = RansTable.read(Head(b"".join(map(varint, table.described()))))
    assert np.array_equal(np.bincount(read.symbols, minlength=len(given_counts)), table.units)


@pytest.mark.parametrize("alphabet", [2, 33, 256, 5000])
def test_the_cost_is_near_the_entropy(alphabet):
    occurs = np.random.default_rng(alphabet).geometric(0.3, alphabet) ** 3 * 1000
    entropy = float(np.sum(occurs * np.log2(occurs.sum() / occurs)))
    assert entropy <= frequencies(occurs).cost < 1.005 * entropy


def test_rare_symbols_among_frequent_ones():
    occurs = np.array([10**9, *[1] * 200, 10**9])
    table = frequencies(occurs)
    assert (table.units[1:-1] == 1).all()
    assert table.cost < 1.03 * 2 * 10**9


def test_the_words_are_as_many_as_the_cost_says():
    symbols = np.minimum(np.random.default_rng(0).geometric(0.2, 100_000) - 1, 60).astype(np.uint16)
    table = frequencies(np.bincount(symbols))
    states, words = encode([(symbols, table)], 64)
    # Each state holds 16 bits more than where it began.
    assert 8 * words.nbytes + 16 * len(states) == pytest.approx(table.cost, rel=2e-3)
