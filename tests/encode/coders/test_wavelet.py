from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits, huffman
from edgecompress.encode.coders import wavelet

SKEWED = st.sampled_from([0] * 20 + [1] * 9 + [2] * 5 + [3, 3, 4, 7, 30, 31, 255])
NUMBERS = st.lists(st.one_of(SKEWED, st.integers(0, 255)), min_size=1, max_size=90)


@pytest.mark.parametrize("k", range(9))
@given(upper=NUMBERS, data=st.data())
def test_numbers_come_back_and_take_the_bytes_that_were_counted(k, upper, data):
    low = data.draw(st.lists(st.integers(0, 2**k - 1), min_size=len(upper), max_size=len(upper)))
    numbers = (np.array(upper, np.int64) << k) + np.array(low)
    code = wavelet.encode(numbers, k)
    counts = np.bincount(upper, minlength=wavelet.CLASSES)
    assert (code.count, code.k) == (len(numbers), k)
    assert code.size == wavelet.size(counts, len(numbers), k)
    assert code.levels.count == int(wavelet.lengths(counts) @ counts)
    assert wavelet.decode(code).tolist() == numbers.tolist()


@pytest.mark.parametrize("k", [0, 2])
@given(upper=NUMBERS)
def test_numbers_come_back_from_skewed_levels(k, upper):
    numbers = np.array(upper, np.int64) << k
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wavelet, "SKEWED", 0)
        code = wavelet.encode(numbers, k)
    assert code.size <= wavelet.size(np.bincount(upper, minlength=wavelet.CLASSES), len(numbers), k)
    assert wavelet.decode(code).tolist() == numbers.tolist()


def test_two_values_that_are_nearly_all_come_near_their_entropy():
    """The bits that tell the second from the rest are skewed, and a Huffman code spends a whole one on each."""
    shares = np.array([0.52, 0.40, 0.05, 0.02, 0.01])
    numbers = np.random.default_rng(0).choice(5, 100_000, p=shares)
    entropy = -100_000 * float(shares @ np.log2(shares)) / 8
    code = wavelet.encode(numbers, 0)
    assert list(code.skewed) == [1]
    assert wavelet.size(np.bincount(numbers, minlength=wavelet.CLASSES), 100_000, 0) > 1.1 * entropy
    assert code.size < 1.02 * entropy
    assert wavelet.decode(code).tolist() == numbers.tolist()


def test_a_skewed_level_must_save_more_than_its_operators_take():
    shares = [0.52, 0.40, 0.05, 0.02, 0.01]
    for count, skewed in ((10_000, []), (40_000, [1])):
        assert list(wavelet.encode(np.random.default_rng(0).choice(5, count, p=shares), 0).skewed) == skewed


def test_the_bits_of_a_skewed_level(monkeypatch):
    monkeypatch.setattr(wavelet, "LEVEL", 0)
    monkeypatch.setattr(wavelet, "SKEWED", 0)
    # Gaps of 11 and 9, with two low bits: 2 and 2 above them; 3 and 1 in them, 0 and 2 inverted.
    code = wavelet.encode(np.array([5] * 11 + [9] + [5] * 9 + [9] + [5]), 0)
    (found,) = code.skewed.values()
    assert found == wavelet.Skewed(rare=1, k=2, unary=6)
    assert bits.unpack(code.levels).tolist() == [0, 0, 1, 0, 0, 1, 0, 0, 0, 1]
    assert wavelet.decode(code).tolist() == [5] * 11 + [9] + [5] * 9 + [9, 5]


def test_no_numbers_and_a_single_symbol_need_no_level():
    assert wavelet.decode(wavelet.encode(np.zeros(0, np.int64), 1)).tolist() == []
    code = wavelet.encode(np.full(5, 6), 1)
    assert (code.levels.count, code.starts.tolist(), code.steps.tolist(), code.leaves_at) == (0, [0], [6], ())
    assert wavelet.decode(code).tolist() == [6] * 5


def test_the_levels_of_a_small_example(monkeypatch):
    monkeypatch.setattr(wavelet, "LEVEL", 0)
    # Counts 4, 2, 1, 1: codes of 1, 2, 3, 3 bits. At each level the leaves come last.
    code = wavelet.encode(np.array([5, 3, 9, 5, 3, 5, 0, 5]), 0)
    assert code.leaves_at == (1, 1, 2)
    assert code.symbols.tolist() == [5, 3, 0, 9]
    assert code.starts.tolist() == [0, 4, 6, 7]
    # level 0: is it 5? level 1, of 3 9 3 0: is it 3? level 2, of 9 0: the greater is the 1-child.
    assert bits.unpack(code.levels).tolist() == [1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0]


@given(upper=NUMBERS)
def test_the_shape_follows_from_what_is_stored(upper):
    code = wavelet.encode(np.array(upper), 0)
    counts = np.bincount(upper, minlength=wavelet.CLASSES)
    expected = wavelet.TreeShape(counts, wavelet.lengths(counts))
    for name in ("leaves_at", "active", "ones", "ended"):
        assert getattr(code.shape, name) == getattr(expected, name)
    assert sum(expected.active) == code.levels.count
    assert np.array_equal(code.shape.codes, expected.codes)


@given(upper=NUMBERS, longest=st.sampled_from([6, 7, 16]))
def test_codes_are_a_prefix_code(upper, longest):
    counts = np.bincount(np.array(upper) % 64, minlength=wavelet.CLASSES)
    lengths = huffman.lengths(counts, longest)
    shape = wavelet.TreeShape(counts, lengths)
    codes = sorted("".join(map(str, shape.codes[symbol, : lengths[symbol]])) for symbol in np.flatnonzero(lengths))
    assert not any(after.startswith(before) for before, after in pairwise(codes))


def test_a_level_must_be_worth_its_operators():
    """The rarer a symbol is, the longer its code may be, where there are enough numbers for that to pay."""
    few, many = (np.array([10, 5, 3, 1, 1]) * factor for factor in (10, 10_000))
    assert wavelet.lengths(few).max() == 3
    assert wavelet.lengths(many).tolist() == huffman.lengths(many).tolist() == [1, 2, 3, 4, 4]
    for counts in (few, many):
        taken = wavelet.lengths(counts)
        assert np.sum(2.0 ** -taken.astype(float)) == 1
        for longest in range(3, 6):
            other = huffman.lengths(counts, longest)
            assert taken @ counts / 8 + wavelet.LEVEL * int(taken.max()) <= (
                other @ counts / 8 + wavelet.LEVEL * int(other.max())
            )
