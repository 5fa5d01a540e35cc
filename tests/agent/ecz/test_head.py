import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.head import Head
from edgecompress.formats.ecz.block import varint

LARGEST = (1 << 62) - 1


@given(st.lists(st.integers(0, LARGEST)))
def test_numbers_come_back(numbers):
    head = Head(b"".join(map(varint, numbers)))
    assert [head.number(LARGEST) for _ in numbers] == numbers
    assert head.left == 0


@pytest.mark.parametrize(("stored", "number"), [(0, 0), (1, -1), (2, 1), (3, -2), (254, 127), (255, -128)])
def test_signed_numbers(stored, number):
    assert Head(varint(stored)).signed(200) == number


def test_the_bytes_between_numbers():
    head = Head(b"\x03abc\x07")
    assert (head.bytes(head.number(10)), head.number(10)) == (b"abc", 7)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 20, varint(101)], ids=["none", "half", "endless", "large"])
def test_what_is_no_number_up_to_a_hundred(data):
    with pytest.raises(DamagedError):
        Head(data).number(100)


def test_bytes_that_are_not_there():
    with pytest.raises(DamagedError, match="too early"):
        Head(b"ab").bytes(3)
