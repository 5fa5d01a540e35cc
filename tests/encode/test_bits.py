import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits


def numbers(width):
    return st.lists(st.integers(0, 2**width - 1), max_size=70).map(lambda found: np.array(found, np.uint8))


@given(st.integers(1, 8).flatmap(lambda width: st.tuples(st.just(width), numbers(width))))
def test_numbers_come_back_and_take_the_bytes_that_were_counted(case):
    width, values = case
    packed = bits.pack(values, width)
    assert (packed.bits, packed.count) == (width, len(values))
    assert packed.size == bits.size(len(values), width) == packed.planes.nbytes
    assert bits.unpack(packed).tolist() == values.tolist()


@pytest.mark.parametrize("width", range(1, 8))
def test_a_plane_holds_one_bit_of_every_number_in_eight_runs(width):
    values = np.random.default_rng(width).integers(0, 2**width, 21)
    packed = bits.pack(values, width)
    assert packed.planes.shape == (width, 3)
    for number, value in enumerate(values.tolist()):
        stored = [int(plane[number % 3]) >> (number // 3) & 1 for plane in packed.planes]
        assert stored == [value >> plane & 1 for plane in range(width)]


def test_numbers_of_eight_bits_are_plain_bytes():
    packed = bits.pack(np.array([7, 255, 0]), 8)
    assert packed.planes.tolist() == [7, 255, 0]
    assert packed.padded == 3


def test_planes_are_filled_up_with_what_was_asked_for():
    # Number 8 is in byte 0 of 2: bits 0 to 3 of byte 0 are numbers 0, 2, 4, 6, those of byte 1 are 1, 3, 5, 7.
    packed = bits.pack(np.array([2, 1, 2], np.uint8), 2, fill=3)
    assert packed.padded == 8
    assert packed.planes.tolist() == [[0b11111010], [0b11111101]]


def test_a_width_is_that_of_the_largest_number_and_never_none():
    assert [bits.width(largest) for largest in (0, 1, 2, 3, 4, 127, 128, 255)] == [1, 1, 2, 2, 3, 7, 8, 8]
