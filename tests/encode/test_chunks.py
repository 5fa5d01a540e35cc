from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgecompress.encode import chunks


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ELEMENTS", 7)
        yield


SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)


@given(SHAPES, st.booleans())
def test_blocks_make_up_the_array_in_c_order_whatever_its_strides(shape, turned):
    array = np.arange(prod(shape), dtype=np.int32).reshape(shape)
    array = array.T if turned else array
    found = [array[place].reshape(-1) for place in chunks.places(array.shape)]
    assert np.array_equal(np.concatenate(found), array.reshape(-1))
    assert all(len(block) <= 7 for block in found)
    written = [block.tobytes() for block in chunks.written(array)]
    assert b"".join(written) == array.tobytes()


def test_files_have_little_endian_numbers():
    assert [block.tobytes() for block in chunks.written(np.array([1, 2], ">i2"))] == [b"\1\0\2\0"]


@pytest.mark.parametrize("place", [0, 8, 29])
def test_one_bit_anywhere_makes_a_difference(place):
    array = np.zeros((3, 10), np.float32)
    other = array.copy()
    assert chunks.same_bits(array, other)
    other.reshape(-1)[place] = -0.0
    assert not chunks.same_bits(array, other)
    assert not chunks.same_bits(array, array.reshape(10, 3))
    assert chunks.has_negative_zero(other)
    assert chunks.has_negative_zero(other.T)
    assert not chunks.has_negative_zero(array - 1)


def test_what_is_not_finite_is_counted_in_all_blocks():
    array = np.ones((4, 5), np.float16)
    assert chunks.not_finite(array) == 0
    array[0, 1], array[2, 3], array[3, 4] = np.nan, np.inf, -np.inf
    assert chunks.not_finite(array.T) == 3


def test_bits_tell_zeros_apart():
    assert chunks.bits(np.array([0.0, -0.0], np.float16)).tolist() == [0, 0x8000]
