import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode.coders import escape, rice, wavelet
from edgecompress.encode.member import GAP_LOW, RICE, Member
from edgecompress.encode.weights import Weights

POSITIONS = st.lists(st.integers(0, 2500), min_size=1, max_size=40, unique=True).map(sorted)


def ones_at(positions):
    array = np.zeros(2600, np.float32)
    array[positions] = 1
    return Member.of("w", Weights(array), sparse=True)


@given(POSITIONS)
def test_gaps_are_the_zeros_before_each_stored_element(positions):
    member = ones_at(positions)
    runs = "".join("1" if place in positions else "0" for place in range(member.reach)).split("1")
    assert member.gaps.tolist() == [len(run) for run in runs[:-1]]
    assert (member.count, member.reach) == (len(positions), positions[-1] + 1)


@given(POSITIONS)
def test_sums_foretell_what_each_coder_takes(positions):
    member = ones_at(positions)
    gaps = member.gaps
    for k, upper in zip(RICE, member.rice_upper, strict=True):
        code = rice.encode(gaps, k)
        assert (len(code.unary), code.size) == (member.count + upper, rice.size(member.count, k))
    for width, escapes in zip(escape.WIDTHS, member.escapes, strict=True):
        assert escape.size(member.count, int(escapes), width) == escape.encode(gaps, width).size
    for k in GAP_LOW:
        filled = member.filled(k)
        assert np.array_equal(member.gap_counts[k], np.bincount(filled.gaps >> k, minlength=wavelet.CLASSES))


@pytest.mark.parametrize("k", GAP_LOW)
@given(distances=st.lists(st.integers(0, 900), min_size=1, max_size=9))
def test_fillers_are_as_few_zeros_as_break_every_long_gap(k, distances):
    longest = wavelet.CLASSES << k
    gaps = np.array(distances) * longest // 200
    places = np.cumsum(gaps + 1) - 1
    array = np.zeros(places[-1] + 5, np.float32)
    array[places] = 1
    member = Member.of("w", Weights(array), sparse=True)
    filled = member.filled(k)
    assert filled.gaps.max() < longest
    assert filled.count - member.count == sum(gap // longest for gap in gaps.tolist())
    assert np.array_equal(filled.positions[filled.patterns != 0], places)
    assert filled.reach == member.reach


def test_a_member_without_zeros_stores_every_element():
    array = np.array([[2, 0], [0, 3]], np.float32)
    whole, sparse = (Member.of("w", Weights(array), sparse=sparse) for sparse in (False, True))
    assert (whole.count, sparse.count) == (4, 2)
    assert whole.palette.codebook.tolist() == [0, 2, 3]
    assert sparse.palette.codebook.tolist() == [2, 3]
    assert sparse.index_counts[:3].tolist() == [1, 1, 0]


def test_tensors_that_are_split_are_one_member_with_a_palette_of_scales():
    arrays = {"a": np.array([1.5, -3, 0], np.float32), "b": np.array([[0.3, 0.4]], np.float32)}
    member = Member.of_split({name: Weights(array) for name, array in arrays.items()})
    assert member.split == {"a": (3,), "b": (1, 2)}
    assert (member.count, member.values) == (5, "palette")
    # The exponent of a scale is even, so to speak: 2**-127 times a power of four.
    assert sorted(member.palette.codebook.tolist()) == [-2.0, 0.0, 0.125, 0.5]
    assert member.beside == 4 * 4 + 3 * 5


def test_values_are_of_the_narrowest_kind():
    many = np.arange(1, 400, dtype=np.float32)
    assert Member.of("w", Weights(many % 256), sparse=False).values == "palette"
    assert Member.of("w", Weights(many), sparse=False).values == "float16"
    assert Member.of("w", Weights(many / 10), sparse=False).values == "float32"
    # 256 values and zero: only with the zeros left out are they a palette.
    both = np.append(np.zeros(5, np.float32), np.arange(1, 257, dtype=np.float32) / 10)
    assert Member.of("w", Weights(both), sparse=True).values == "palette"
    assert Member.of("w", Weights(both), sparse=False).values == "float32"
