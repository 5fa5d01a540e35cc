import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz import integers as form
from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.head import Head
from edgecompress.agent.ecz.integers import Integers, Streams
from edgecompress.agent.ecz.rans import Lanes
from edgecompress.formats.ecz.block import Block, varint
from edgecompress.formats.ecz.integers import Coding, choose, tokenized
from edgecompress.formats.ecz.rans import frequencies

NOTHING = Lanes(np.zeros(0, np.uint32), np.zeros(0, np.uint16))
numbers = st.one_of(
    st.lists(st.integers(0, (1 << 32) - 1), max_size=300),
    st.lists(st.integers(0, 300), max_size=300),
    st.lists(st.sampled_from([0, 3, 1 << 31]), max_size=300),
)


def description(*values):
    return Integers(Head(b"".join(map(varint, values))))


@given(numbers, st.integers(0, 300))
def test_numbers_come_back_in_any_portions(opened, given_numbers, cut):
    array = np.array(given_numbers, np.uint32)
    coding, block = choose(array), Block()
    coding.describe(block)
    coding.write(block, array[:cut])
    coding.write(block, array[cut:])
    head, streams = opened(block)
    coded = Integers(head)
    found = [*coded.read(streams, len(array[:cut])).tolist(), *coded.read(streams, len(array[cut:])).tolist()]
    assert found == given_numbers
    streams.finish()


@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=2, max_size=200), st.integers(0, 8), st.data())
def test_any_split_into_tokens_and_extra_bits(opened, given_numbers, k, data):
    m = data.draw(st.integers(0, k))
    array = np.array(given_numbers, np.uint32)
    counts = np.bincount(tokenized(array, k, m)[0])
    if np.count_nonzero(counts) < 2:
        return
    coding, block = Coding(0, form.CODED, split=(k, m), table=frequencies(counts)), Block()
    coding.describe(block)
    coding.write(block, array)
    head, streams = opened(block)
    assert Integers(head).read(streams, len(array)).tolist() == given_numbers


@pytest.mark.parametrize(
    ("bits", "data", "expected"),
    [(1, b"\x05", [1, 0, 1]), (2, b"\x27", [3, 1, 2]), (4, b"\x21\x03", [1, 2, 3]), (16, b"\1\0\2\0\3\0", [1, 2, 3])],
)
def test_plain_numbers(bits, data, expected):
    assert description(form.PLAIN, bits).read(Streams(NOTHING, b"", data), 3).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [(3,), (form.PLAIN, 3), (form.CONSTANT, 1 << 32), (form.CODED, 17), (form.CODED, 2, 3)],
    ids=["mode", "width", "constant", "k", "m"],
)
def test_codings_that_there_are_not(values):
    with pytest.raises(DamagedError):
        description(*values)


def test_tokens_beyond_32_bits_are_refused():
    # k = 0, m = 0: token 1 + 31 means 2^31 and more, token 1 + 32 what no reader holds.
    assert description(form.CODED, 0, 0, 1, 33, 0, 30, 1, 1)
    with pytest.raises(DamagedError, match="32 bits"):
        description(form.CODED, 0, 0, 1, 34, 0, 31, 1, 1)


def test_streams_that_end_too_early_or_too_late():
    with pytest.raises(DamagedError, match="plain"):
        description(form.PLAIN, 16).read(Streams(NOTHING, b"", b"123"), 2)
    with pytest.raises(DamagedError, match="extra"):
        Streams(NOTHING, b"ab", b"").extra_bits(np.array([9, 8]))
    with pytest.raises(DamagedError, match="more than"):
        Streams(NOTHING, b"", b"1").finish()


def test_extra_bits_start_at_any_bit():
    stream = Streams(NOTHING, (0b1_10101_011).to_bytes(2, "little") + b"\xff" * 8, b"")
    assert stream.extra_bits(np.array([3, 5, 0, 1])).tolist() == [0b011, 0b10101, 0, 1]
    assert stream.extra_bits(np.array([7, 31, 26])).tolist() == [0, (1 << 31) - 1, (1 << 26) - 1]
