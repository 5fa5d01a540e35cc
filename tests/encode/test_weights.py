import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode.weights import MOST_DISTINCT, Weights, palette


def test_values_are_told_apart_by_bit_pattern_and_only_plus_zero_is_a_zero():
    weights = Weights(np.array([[0.0, -0.0], [1.0, 0.0]], np.float32))
    assert weights.positions.tolist() == [1, 2]
    found = palette(weights.patterns)
    assert found.codebook.view(np.uint32).tolist() == [0, 0x3F800000, 0x80000000]
    assert found.indices.tolist() == [0, 2, 1, 0]
    assert found.counts.tolist() == [2, 1, 1]


def test_a_codebook_begins_with_the_most_frequent_value():
    found = palette(Weights(np.array([3, 1, 1, 2, 2, 2, 4], np.float32)).patterns)
    assert found.codebook.tolist() == [2, 1, 3, 4]
    assert found.counts.tolist() == [3, 2, 1, 1]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=300))
def test_a_palette_is_every_value_once_or_there_is_none(patterns):
    patterns = np.array(patterns, np.uint32)
    found = palette(patterns)
    if found is None:
        assert len(set(patterns.tolist())) > MOST_DISTINCT
        return
    assert np.array_equal(found.codebook.view(np.uint32)[found.indices], patterns)
    assert sorted(found.codebook.view(np.uint32).tolist()) == sorted(set(patterns.tolist()))
    assert np.array_equal(np.bincount(found.indices, minlength=len(found.codebook)), found.counts)


def test_values_are_counted_beyond_the_sample_and_from_block_to_block():
    patterns = np.zeros(3 << 20, np.uint32)
    patterns[-300:-150] = np.arange(1, 151)
    patterns[1 << 20 : (1 << 20) + 105] = np.arange(201, 306)
    assert len(palette(patterns).codebook) == 256
    patterns[70_000] = 1000
    assert palette(patterns) is None


def test_float16_must_hold_every_bit():
    assert Weights(np.array([0.5, -0.0, 65504, 2.0**-24, np.inf], np.float32)).is_float16
    for value in (0.1, 65505.0, 2.0**-25, 1e20):
        assert not Weights(np.array([0.5, value], np.float32)).is_float16
    assert not Weights(np.array([0x7F800001], np.uint32).view(np.float32)).is_float16


def test_an_array_that_is_not_contiguous_is_read_in_c_order():
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert Weights(array).patterns.view(np.float32).tolist() == [0, 3, 1, 4, 2, 5]
