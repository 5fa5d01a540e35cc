import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.encode import bits
from edgecompress.encode.coders import escape

GAPS = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 3000)), max_size=60).map(
    lambda found: np.array(found, np.int64)
)


@pytest.mark.parametrize("width", escape.WIDTHS)
@given(numbers=GAPS)
def test_numbers_come_back_and_take_the_bytes_that_were_counted(width, numbers):
    code = escape.encode(numbers, width)
    assert code.count == len(numbers)
    assert code.size == escape.size(len(numbers), int(np.sum(numbers // (2**width - 1))), width)
    assert escape.decode(code).tolist() == numbers.tolist()


@pytest.mark.parametrize("width", escape.WIDTHS)
def test_a_number_is_its_escapes_and_the_code_after_them(width):
    last = 2**width - 1
    code = escape.encode(np.array([last - 1, last, 2 * last + 1, 0]), width)
    assert bits.unpack(code.codes).tolist() == [last - 1, last, 0, last, last, 1, 0]


def test_the_last_bytes_are_filled_with_escapes_that_give_no_number():
    code = escape.encode(np.array([1, 2, 6]), 3)
    assert code.codes.padded == 8
    assert np.unpackbits(code.codes.planes, axis=1, bitorder="little")[:, 3:].all()
