import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.rans import Lanes, RansTable
from edgecompress.formats.ecz import rans
from edgecompress.formats.ecz.block import varint

HALVES = np.array([128, 128])


def table(*numbers):
    return RansTable.read(Head(b"".join(map(varint, numbers))))


@given(
    st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=200).filter(lambda s: len(set(s)) > 1), max_size=4),
    st.integers(1, 70),
)
def test_sequences_with_tables_of_their_own_share_the_lanes(sequences, lanes):
    coded = [(np.array(each, np.uint16), rans.frequencies(np.bincount(each))) for each in sequences]
    states, words = rans.encode(coded, lanes)
    decoder = Lanes(states, words)
    for symbols, frequencies in coded:
        found = decoder.decode(RansTable(frequencies.units, frequencies.bits), len(symbols))
        assert found.tolist() == symbols.tolist()
    decoder.finish()


def test_one_step_by_hand():
    # Slot 200 of 256 is symbol 1's slot 72, and 128 * 512 + 72 needs no word.
    decoder = Lanes(np.array([512 << 8 | 200]), np.zeros(0, np.uint16))
    assert decoder.decode(RansTable(HALVES, 8), 1).tolist() == [1]
    with pytest.raises(DamagedError, match="where they should"):
        decoder.finish()


def test_a_table_with_gaps():
    found = table(2, 6, 0, 1, 1, 0, 0, 3, 0, 0)
    assert found.symbols.tolist() == [2, 4, 4, 4]


@pytest.mark.parametrize(
    "numbers",
    [(2, 2, 1, 1), (2, 1, 4), (17, 2, 1, 1), (1, 1 << 17), (2, 2, 0, 5), (0, 0), (2, 3, 2)],
    ids=["sum", "one symbol", "bits", "alphabet", "run", "none", "cut"],
)
def test_tables_that_contradict_themselves(numbers):
    with pytest.raises(DamagedError):
        table(*numbers)


def test_symbols_that_are_not_there():
    states, words = rans.encode([(np.array([0, 1] * 50, np.uint16), rans.frequencies(np.array([50, 50])))], 4)
    with pytest.raises(DamagedError, match="too early"):
        Lanes(states, words[:-1]).decode(RansTable(HALVES, 8), 100)
    with pytest.raises(DamagedError, match="no lanes"):
        Lanes(states[:0], words).decode(RansTable(HALVES, 8), 100)
