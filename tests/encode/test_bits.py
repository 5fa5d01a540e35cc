import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits


@given(st.integers(1, 8).flatmap(lambda b: st.tuples(st.just(b), st.lists(st.integers(0, 2**b - 1), max_size=70))))
def test_packed_bytes_are_one_little_endian_integer_of_all_values(case):
    width, values = case
    packed = bits.pack(np.array(values, np.uint8), width)
    as_integer = sum(value << (width * i) for i, value in enumerate(values))
    assert int.from_bytes(packed.tobytes(), "little") == as_integer
    assert ("uint8", packed.shape) == bits.layout(len(values), width)
    unpacked = bits.unpack(packed, width)
    assert unpacked[: len(values)].tolist() == values
    assert not unpacked[len(values) :].any()


def test_the_last_group_is_filled_with_what_was_asked_for():
    assert bits.unpack(bits.pack(np.array([1], np.uint8), 5, fill=31), 5).tolist() == [1] + [31] * 7


@pytest.mark.parametrize(("width", "group"), [(1, (8, 1)), (3, (8, 3)), (4, (2, 1)), (6, (4, 3)), (8, (1, 1))])
def test_a_group_is_the_least_number_of_values_in_whole_bytes(width, group):
    assert bits.group(width) == group


def test_widths_are_exact_then_cheaper_to_unpack():
    assert [bits.widths(least) for least in (1, 3, 5, 8)] == [[1, 8], [3, 4, 8], [5, 8], [8]]
