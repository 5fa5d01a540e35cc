import numpy as np
import pytest

from edgecompress.agent.ecz import blocks
from edgecompress.agent.ecz.blocks import File
from edgecompress.agent.ecz.limits import PAYLOAD_BYTES
from edgecompress.formats.ecz.found import Extent, FoundArray, FoundCsr
from edgecompress.formats.ecz.originals import Originals
from edgecompress.formats.ecz.payloads import payloads

generator = np.random.default_rng(7)


def packed(data, found):
    """The payloads of a file, which must give the file again."""
    made = list(payloads(data, found, Originals([found])))
    file, content = File(len(data)), bytearray(len(data))
    for payload, _, _ in made:
        assert len(payload) <= PAYLOAD_BYTES
        for offset, part in file.pieces(payload):
            content[offset : offset + len(bytes(part))] = bytes(part)
    for copy in file.copies([]):
        content[copy.at : copy.at + copy.length] = content[copy.source : copy.source + copy.length]
    assert content == data
    assert sum(covered for _, covered, _ in made) == len(data)
    return [(len(payload), covered, is_rest) for payload, covered, is_rest in made]


def array(at, count, width=32, floating=True):
    return FoundArray(Extent(at, width, count), floating, ())


def test_an_array_of_noise_is_cut_so_that_a_reader_needs_little_memory():
    data = b"start" + generator.normal(size=3_000_000).astype(np.float32).tobytes() + b"end"
    made = packed(data, [array(5, 3_000_000)])
    assert len(made) > 4
    assert all(size < 1 << 22 for size, _, _ in made)


def test_an_array_of_few_values_is_not_cut_into_many_sections():
    data = np.float32([0, 0, 0, 0, 0, 1, 2])[generator.integers(0, 7, 3_000_000)].tobytes()
    ((size, covered, is_rest),) = packed(data, [array(0, 3_000_000)])
    assert (covered, is_rest) == (len(data), False)
    assert size < 3_000_000 * 1.5 / 8


def test_what_lz77_shortens_more_is_left_to_the_rest():
    data = np.tile(generator.integers(0, 1 << 30, 200, np.int32), 300).tobytes()
    ((size, _, is_rest),) = packed(data, [array(0, 60_000, floating=False)])
    assert is_rest
    assert size < 2000


@pytest.mark.parametrize(
    "found",
    [
        [],
        [array(0, 1000), array(2000, 1000)],
        [array(0, 10**9), array(-4, 100), array(0, 0)],
        [FoundCsr(Extent(0, 8, 9), Extent(4, 8, 9), Extent(100, 8, 9), 3, ())],
    ],
    ids=["none", "overlap", "outside", "overlap in itself"],
)
def test_what_is_found_need_not_be_sound(found):
    packed(generator.normal(size=3000).astype(np.float32).tobytes(), found)


def test_equal_arrays_and_equal_sparse_tensors_are_copied():
    noise = generator.normal(size=3000).astype(np.float32).tobytes()
    assert sum(size for size, _, _ in packed(noise * 3, [array(at * 12_000, 3000) for at in range(3)])) < 12_000
    ends, indices = np.arange(5, 505, 5, np.int32).tobytes(), np.tile(np.uint8([3, 9, 20, 21, 40]), 100).tobytes()
    whole = ends + indices + noise[:2000]
    places = [(number * len(whole), number * len(whole) + 400, number * len(whole) + 900) for number in range(2)]
    rows = [FoundCsr(Extent(a, 32, 100), Extent(b, 8, 500), Extent(c, 32, 500), 50, ()) for a, b, c in places]
    assert sum(size for size, _, _ in packed(whole * 2, rows)) < 2200


def test_an_equal_array_that_the_rest_holds_far_away_is_a_copy():
    # Numbers that no section shortens and deflate does: the rest has them, once.
    tiled = np.tile(generator.integers(0, 1 << 30, 60_000, np.int32), 6).tobytes()
    once = sum(size for size, _, _ in packed(tiled, [array(0, 360_000, floating=False)]))
    twice = sum(size for size, _, _ in packed(tiled * 2, [array(at, 360_000, floating=False) for at in (0, 1_440_000)]))
    assert twice < 1.1 * once


def test_an_empty_file_and_a_large_rest():
    assert packed(b"", []) == []
    made = packed(b"a text " * 400_000, [])
    assert [covered for _, covered, _ in made] == [1 << 20, 1 << 20, 2_800_000 - (2 << 20)]
    assert all(size < 2000 for size, _, _ in made)
    noise = generator.bytes(5000)
    ((size, _, _),) = packed(noise, [])
    assert size == len(noise) + blocks.REST_HEAD.size
