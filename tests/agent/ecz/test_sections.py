import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz import sections as form
from edgecompress.agent.ecz import values
from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.integers import CONSTANT, PLAIN, Streams
from edgecompress.agent.ecz.limits import PART_NUMBERS
from edgecompress.agent.ecz.rans import Lanes
from edgecompress.agent.ecz.sections import Sections, pack_bits
from edgecompress.formats.ecz.block import varint

PLAIN_BYTES = (PLAIN, 8)
SEVENS = (values.FIELDS, 1, 8, CONSTANT, 7)


def decode(numbers, plain=b"", size=100, cursor=0):
    streams = Streams(Lanes(np.zeros(0, np.uint32), np.zeros(0, np.uint16)), b"", plain)
    sections = Sections(Head(b"".join(map(varint, numbers))), streams, cursor, size)
    file = bytearray(size)
    for offset, data in sections.pieces():
        file[offset : offset + data.nbytes] = data.tobytes()
    return bytes(file), sections.cursor


def test_places_are_relative_to_the_end_of_the_piece_before():
    numbers = (form.PLAIN, 8, 3, 4, *SEVENS, form.PLAIN, 8, 1, 7, *SEVENS)  # at 2; then 4 bytes before its end
    file, cursor = decode(numbers, size=6)
    assert (file, cursor) == (b"\0\7\7\7\7\0", 2)


def test_a_sparse_array():
    numbers = (form.SPARSE, 8, 6, 0, 1, *PLAIN_BYTES, values.FIELDS, 1, 8, *PLAIN_BYTES, 2)
    assert decode(numbers, b"\1\2" + b"\x11\x22", size=6)[0] == b"\x01\x11\x01\x01\x22\x01"


def test_parts_start_anew():
    count = PART_NUMBERS + 3
    numbers = (form.SPARSE, 8, count, 0, 0, CONSTANT, 2, *SEVENS, 1, 1)
    file, _ = decode(numbers, size=count)
    assert [place for place, byte in enumerate(file) if byte] == [2, PART_NUMBERS + 2]
    rising, _ = decode((form.RISING, 32, count, 0, 5, CONSTANT, 2), size=4 * count)
    assert np.array_equal(np.frombuffer(rising, "<u4"), 7 + 2 * np.arange(count))


def test_the_rows_of_a_sparse_tensor():
    # Rows of 4 with 2, 0 and 1 values, two rows a part, 10 indices before them.
    numbers = (form.CSR, 16, 8, 16, 3, 4, 10, 2, 3, 0, 0, 0, *PLAIN_BYTES, values.FIELDS, 1, 16, CONSTANT, 9, 2, 1)
    file, _ = decode(numbers, b"\1\1" + b"\2", size=15)
    assert np.frombuffer(file[:6], "<u2").tolist() == [12, 12, 13]
    assert list(file[6:9]) == [1, 3, 2]
    assert np.frombuffer(file[9:], "<u2").tolist() == [9, 9, 9]


@given(st.integers(1, 8), st.data())
def test_packed_bits_are_one_little_endian_stream(width, data):
    groups = data.draw(st.integers(1, 20))
    numbers = data.draw(st.lists(st.integers(0, (1 << width) - 1), min_size=8 * groups, max_size=8 * groups))
    stream = sum(number << place * width for place, number in enumerate(numbers)).to_bytes(groups * width, "little")
    assert pack_bits(np.array(numbers, np.uint8), width).tobytes() == stream


@pytest.mark.parametrize(
    "numbers",
    [
        (4,),
        (form.PLAIN, 9),
        (form.PLAIN, 8, 0, 0),
        (form.PLAIN, 4, 3, 0),
        (form.PLAIN, 8, 101, 0, *SEVENS),
        (form.PLAIN, 8, 4, 194, *SEVENS),
        (form.PLAIN, 8, 4, 1, *SEVENS),
        (form.PLAIN, 64, 1 << 61, 0, *SEVENS),
        (form.SPARSE, 8, 6, 0, 1, CONSTANT, 6, *SEVENS, 1),
        (form.SPARSE, 8, 6, 0, 1, CONSTANT, 0, *SEVENS, 7),
        (form.CSR, 8, 8, 8, 0, 4, 0, 1, 1, 0, 0, 0),
        (form.CSR, 8, 8, 8, 3, 4, 0, 1 << 20, 1, 0, 0, 0),
        (form.CSR, 8, 8, 8, 1, 4, 0, 1, 2, 0, 0, 0, CONSTANT, 0, *SEVENS, 1),
        (form.CSR, 8, 8, 8, 1, 4, 0, 1, 2, 0, 0, 0, CONSTANT, 4, *SEVENS, 2),
    ],
    ids=[
        "kind", "width", "empty", "half a byte", "too long", "too late", "too early", "huge",
        "position", "too many", "no rows", "huge parts", "left over", "beyond the rows",
    ],
)  # fmt: skip
def test_sections_that_contradict_themselves(numbers):
    with pytest.raises(DamagedError):
        decode(numbers)
