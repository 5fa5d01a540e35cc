import numpy as np

from edgecompress.encode.weights import Weights


def test_values_are_told_apart_by_bit_pattern():
    array = np.array([[0.0, -0.0], [1.0, 0.0]], np.float32)
    palette = Weights(array).palette
    assert palette.codebook.view(np.uint32).tolist() == [0, 0x3F800000, 0x80000000]
    assert palette.indices.tolist() == [0, 2, 1, 0]
    assert palette.index_bits == 2


def test_only_plus_zero_is_a_zero():
    weights = Weights(np.array([0.0, -0.0, 2.0], np.float32))
    assert weights.positions.tolist() == [1, 2]
    assert len(weights.nonzero_palette.codebook) == 2


def test_distinct_values_beyond_the_sample_are_counted():
    array = np.zeros(70_000, np.float32)
    array[-300:] = np.arange(1, 301)
    assert Weights(array).palette is None


def test_an_array_that_is_not_contiguous_is_read_in_c_order():
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert Weights(array).patterns.view(np.float32).tolist() == [0, 3, 1, 4, 2, 5]
