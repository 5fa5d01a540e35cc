import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz import values as form
from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.integers import CONSTANT, PLAIN, Streams
from edgecompress.agent.ecz.limits import CHANNELS, CODEBOOK_ENTRIES
from edgecompress.agent.ecz.rans import Lanes
from edgecompress.agent.ecz.values import read_values, scaled_entries
from edgecompress.formats.ecz.block import varint

PLAIN_BYTES = (PLAIN, 8)


def read(width, numbers, plain=b"", count=4, positions=None, first=0):
    streams = Streams(Lanes(np.zeros(0, np.uint32), np.zeros(0, np.uint16)), b"", plain)
    values = read_values(Head(b"".join(map(varint, numbers))), streams, width)
    return values.read(streams, count, positions, first).tolist()


def test_bit_fields_from_the_highest():
    assert read(16, (form.FIELDS, 2, 8, 8, *PLAIN_BYTES, CONSTANT, 0x22), b"\x11\x12\x13\x14") == [
        0x1122,
        0x1222,
        0x1322,
        0x1422,
    ]


def test_one_codebook_listed_and_rising():
    assert read(8, (form.CODEBOOK, 2, form.ENTRIES_PLAIN, *PLAIN_BYTES), b"\x07\x09" + b"\0\1\1\0") == [7, 9, 9, 7]
    rising = (form.CODEBOOK, 3, form.ENTRIES_RISING, CONSTANT, 10, CONSTANT, 4, *PLAIN_BYTES)
    assert read(8, rising, b"\0\1\2\0") == [10, 15, 20, 10]


def test_codebooks_of_channels():
    # Three channels of two positions; the second has no entries. The section starts at position 2 of its array.
    head = (
        form.CHANNEL_CODEBOOKS,
        2,
        3,
        2,
        *PLAIN_BYTES,
        form.ENTRIES_RISING,
        *PLAIN_BYTES,
        *PLAIN_BYTES,
        *PLAIN_BYTES,
    )
    plain = bytes([2, 0, 1]) + bytes([5, 50]) + bytes([3])
    assert read(8, head, plain + b"\0\0\0\1", positions=np.array([2, 3, 4, 5])) == [50, 50, 5, 9]
    assert read(8, head, plain + b"\0\0\0\1", first=2) == [50, 50, 5, 9]


def test_scaled_codebooks():
    base, scales = np.array([1.0, 3.0], "<f4").tobytes(), np.array([0.5, -2.0], "<f4").tobytes()
    head = (form.SCALED_CODEBOOK, 1, 2, 0, 2, *PLAIN_BYTES, *PLAIN_BYTES)
    found = read(16, head, base + scales + bytes([0, 2, 0, 1]) + b"\0\0\1\1")
    expected = np.array([0.5, -2.0, 1.5, -6.0], np.float16).view(np.uint16) + np.array([0, 0, 1, -1])
    assert found == expected.tolist()


@given(st.floats(-300, 300), st.floats(-300, 300), st.integers(-2, 2))
def test_a_scaled_entry_is_the_product_rounded_once(base, scale, correction):
    for width, kind in ((16, np.float16), (32, np.float32)):
        (pattern,) = scaled_entries(np.array([base]), np.array([scale]), np.array([correction]), width)
        with np.errstate(over="ignore"):
            product = kind(np.float64(base) * np.float64(scale) + 0.0)
        assert int(pattern) == (int(product.view(f"u{width // 8}")) + correction) % (1 << width)


@pytest.mark.parametrize(
    ("width", "numbers"),
    [
        (8, (4,)),
        (8, (form.FIELDS, 2, 4, 5)),
        (8, (form.CODEBOOK, CODEBOOK_ENTRIES + 1, form.ENTRIES_RISING, CONSTANT, 0, CONSTANT, 0)),
        (8, (form.CHANNEL_CODEBOOKS, 1, CHANNELS + 1)),
        (8, (form.CHANNEL_CODEBOOKS, 1, CHANNELS, 0, CONSTANT, 0xFFFFFFFF, 1, CONSTANT, 0, CONSTANT, 0)),
        (64, (form.SCALED_CODEBOOK, 1, 1, 0, 1)),
        (16, (form.SCALED_CODEBOOK, 1, 1 << 10, 0, 1 << 10)),
    ],
    ids=["kind", "fields", "entries", "channels", "sizes", "type", "scaled entries"],
)
def test_what_is_refused_before_it_is_allocated(width, numbers):
    with pytest.raises(DamagedError):
        read(width, numbers)


def test_an_index_without_entry():
    with pytest.raises(IndexError):  # which container.py reports as damage
        read(8, (form.CODEBOOK, 2, form.ENTRIES_PLAIN, *PLAIN_BYTES), b"\x07\x09" + b"\0\1\2\0")
