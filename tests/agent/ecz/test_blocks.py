import lzma
import zlib

import pytest

from edgecompress.agent.ecz import blocks, sections, values
from edgecompress.agent.ecz.blocks import File, inflate
from edgecompress.agent.ecz.errors import DamagedError
from edgecompress.agent.ecz.integers import CONSTANT
from edgecompress.agent.ecz.limits import LANES, REST_BYTES
from edgecompress.formats.ecz.block import deflate, varint

SEVENS = bytes([values.FIELDS, 1, 8, CONSTANT, 7])


def rest(data, packing=blocks.STORED, size=None):
    return blocks.REST_HEAD.pack(blocks.REST, packing, len(data) if size is None else size) + data


def array(count, place):
    return bytes([sections.PLAIN, 8, count, place]) + SEVENS


def content(file, *payloads):
    found = bytearray(file.size)
    for payload in payloads:
        for offset, data in file.pieces(payload):
            found[offset : offset + len(data)] = bytes(data)
    return bytes(found)


def test_the_rest_fills_what_no_array_covers(section_block):
    head = array(2, 2) + array(1, 6)  # at 1 and at 6
    assert content(File(8), section_block(head), rest(b"ab"), rest(b"cde")) == b"a\7\7bcd\7e"


def test_arrays_go_on_where_the_block_before_ended(section_block):
    assert content(File(4), section_block(array(1, 2)), section_block(array(1, 0)), rest(b"ab")) == b"a\7\7b"


def copy(length, place, source, back=0):
    return bytes([sections.COPY, *varint(length), *varint(place), back, *varint(source)])


def test_copies_are_told_when_all_else_is_there(section_block):
    file = File(140)
    assert content(file, section_block(copy(64, 2 * 70, 4)))[:70] == bytes(70)
    assert not file.is_decoded
    list(file.pieces(rest(bytes(76))))
    assert file.is_decoded
    assert [(each.at, each.length, each.source) for each in file.copies([])] == [(70, 64, 4)]


@pytest.mark.parametrize(
    ("copies", "said"),
    [
        (copy(63, 0, 64), "short"),
        (copy(64, 0, 1), "of a copy"),
        (copy(64, 2 * 70, 7), "of a copy"),
        (copy(64, 0, 137), "outside"),
        (copy(64, 0, 37, back=1), "outside"),
        (copy(64, 0, 0, back=2), "not there"),
        (copy(100, 0, 100) * 3, "outside the file"),
    ],
)
def test_copies_of_what_is_not_there(section_block, copies, said):
    file = File(200)
    with pytest.raises(DamagedError, match=said):
        list(file.pieces(section_block(copies))), file.copies([100])


@pytest.mark.parametrize(
    "make",
    [
        lambda block: [b""],
        lambda block: [b"\x09abc"],
        lambda block: [rest(b"abc"), block(array(1, 0))],
        lambda block: [rest(b"abcdefghi")],
        lambda block: [rest(b"")],
        lambda block: [rest(b"abc", size=4)],
        lambda block: [rest(b"abc", packing=3)],
        lambda block: [block(array(8, 0)), block(array(1, 1))],
        lambda block: [block(array(4, 0) + array(2, 1)), rest(b"ab")],
        lambda block: [block(array(1, 0), b"more")],
        lambda block: [block(array(1, 0))[:-1]],
        lambda block: [block(array(1, 0)) + b"."],
        lambda block: [block(b"", lanes=LANES + 1, states=bytes(4 * LANES + 4))],
        lambda block: [block(array(1, 0), words=1, states=b"12")],
    ],
    ids=[
        "empty", "kind", "order", "rest too long", "rest empty", "rest too short", "packing", "too much", "overlap",
        "plain left", "cut", "longer", "lanes", "words left",
    ],
)  # fmt: skip
def test_blocks_that_contradict_themselves(section_block, make):
    with pytest.raises(DamagedError):
        content(File(8), *make(section_block))


def packed_forms(data):
    return [
        (blocks.STORED, data),
        (blocks.DEFLATED, deflate(data)),
        (blocks.LZMA, lzma.compress(data, lzma.FORMAT_RAW, filters=blocks.lzma_filters())),
    ]


@pytest.mark.parametrize(("packing", "data"), packed_forms(b"structure" * 100), ids=["stored", "deflate", "lzma"])
def test_packed_parts(packing, data):
    assert inflate(data, packing, 900) == b"structure" * 100
    for wrong, most in ((data, 899), (data[:-1] if packing else data, 900 if packing else 10), (data + b".", 900)):
        with pytest.raises(DamagedError):
            inflate(wrong, packing, most)


def test_a_part_that_unpacks_to_gigabytes_is_stopped_at_its_limit():
    bomb = zlib.compress(bytes(1 << 26), 9, -15)
    with pytest.raises(DamagedError):
        inflate(bomb, blocks.DEFLATED, REST_BYTES)
    with pytest.raises(DamagedError, match="too large"):
        next(File(1 << 40).pieces(rest(bomb, blocks.DEFLATED, size=REST_BYTES + 1)))
