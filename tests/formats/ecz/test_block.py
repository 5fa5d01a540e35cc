import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecompress.agent.ecz import blocks
from edgecompress.agent.ecz.blocks import SECTIONS_HEAD
from edgecompress.formats.ecz.block import Block, deflate, varint
from edgecompress.formats.ecz.rans import frequencies


@pytest.mark.parametrize(
    ("number", "stored"), [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (1 << 35, "808080808001")]
)
def test_varints_are_leb128(number, stored):
    assert varint(number).hex() == stored


@given(st.binary(max_size=300))
def test_deflate_is_raw(data):
    assert zlib.decompress(deflate(data), -15) == data


@given(st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, 32)), max_size=60))
def test_extra_bits_are_one_stream(numbers):
    block, stream, length = Block(), 0, 0
    for number, width in numbers:
        kept = number & (1 << width) - 1
        block.extra_bits(np.array([kept]), np.array([width]))
        stream, length = stream | kept << length, length + width
    payload = block.payload()
    *_, extra, plain = SECTIONS_HEAD.unpack_from(payload)
    assert (extra, plain) == (-(-length // 8), 0)
    assert payload[len(payload) - extra :] == stream.to_bytes(extra, "little")


def test_lanes_cost_a_thousandth_at_most():
    for count in (10, 1000, 100_000, 1_000_000):
        symbols = np.random.default_rng(1).integers(0, 100, count).astype(np.uint16)
        table = frequencies(np.bincount(symbols, minlength=100))
        block = Block()
        block.symbols(symbols, table)
        payload = block.payload()
        _, packing, lanes, *_ = SECTIONS_HEAD.unpack_from(payload)
        assert packing == blocks.STORED
        assert len(payload) <= table.cost / 8 * 1.0015 + 30
        assert lanes >= min(256, count / 8000)
