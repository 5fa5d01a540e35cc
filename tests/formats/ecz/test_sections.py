"""Arrays of every type and kind, each as its own section, back from the bytes of a block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from edgecompress.agent.ecz.blocks import File
from edgecompress.agent.ecz.limits import PART_NUMBERS
from edgecompress.agent.ecz.sections import pack_bits
from edgecompress.formats.ecz.block import Block
from edgecompress.formats.ecz.sections import CsrSection, plan_array, plan_csr, unpack_bits
from edgecompress.formats.ecz.values import Channels

generator = np.random.default_rng(5)


def written(*sections, size):
    """What a reader makes of sections, and the bytes of their block."""
    block, cursor = Block(), 0
    for section in sections:
        cursor = section.write(block, cursor)
    payload, file = block.payload(), bytearray(size)
    for offset, data in File(size).pieces(payload):
        file[offset : offset + data.nbytes] = data.tobytes()
    return bytes(file), len(payload)


def size_of(array, *, packed=False, channels=()):
    """The bytes of an array's section, which must come back."""
    numbers = np.ascontiguousarray(array).reshape(-1).view(f"<u{array.itemsize}")
    section = plan_array(numbers, 0, 8 * array.itemsize, list(channels), packed=packed)
    back, size = written(section, size=array.nbytes)
    assert back == array.tobytes()
    return size


@settings(max_examples=150)
@given(st.data(), st.sampled_from(["u1", "<f2", "<f4", "<f8", "<i8", "<u2", "<i4"]), st.booleans())
def test_any_array(data, kind, packed):
    array = data.draw(arrays_of.arrays(kind, st.integers(1, 400)))
    channels = [Channels(data.draw(st.integers(1, 50)), data.draw(st.integers(1, 50)), data.draw(st.integers(0, 99)))]
    size_of(array, packed=packed, channels=channels)


@settings(max_examples=100)
@given(st.binary(min_size=8, max_size=600), st.sampled_from(["u1", "<u2", "<u4", "<u8"]))
def test_any_bytes_as_numbers_of_any_width(data, kind):
    size_of(np.frombuffer(data[: len(data) // 8 * 8], kind), packed=True)


@settings(max_examples=60)
@given(arrays_of.arrays("<f4", st.integers(1, 300), elements=st.floats(width=32)), st.integers(1, 9))
def test_any_floats_again_and_again(array, times):
    """NaN, infinities, denormals and -0.0 among them, as a codebook and as fields."""
    size_of(np.tile(array, times), channels=[Channels(len(array), times)])


def test_special_floats():
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 3.4e38], np.float32)
    special = np.append(special, np.array([0x7F800001, 0xFFC12345], np.uint32).view(np.float32))
    size_of(special)
    size_of(special[generator.integers(0, 11, 5000)])
    size_of(np.where(generator.random(5000) < 0.9, np.float32(-0.0), special[generator.integers(0, 11, 5000)]))


@pytest.mark.parametrize("kept", [0.0001, 0.01, 0.1, 0.5, 0.9, 1])
def test_sparse_weights_are_at_their_entropy(clustered, entropy_bytes, kept):
    array = clustered(600_000, kept)
    assert size_of(array) < 1.006 * entropy_bytes(array) + 350


def test_arrays_longer_than_a_part_and_of_its_length(clustered, entropy_bytes):
    for length in (PART_NUMBERS - 1, PART_NUMBERS, PART_NUMBERS + 1, 2 * PART_NUMBERS):
        array = clustered(length, 0.01)
        assert size_of(array) < 1.01 * entropy_bytes(array) + 350
        assert size_of(np.full(length, 7, np.uint16)) < 40
    lonely = np.zeros(3 * PART_NUMBERS, np.float32)
    lonely[2 * PART_NUMBERS] = 1
    assert size_of(lonely) < 60


def test_rising_numbers(entropy_bytes):
    steps = generator.geometric(0.1, 50_000)
    assert size_of(np.cumsum(steps)) < 1.02 * entropy_bytes(steps) + 150
    assert size_of(np.arange(50_000)) < 60
    size_of(np.array([1 << 62, (1 << 63) - 1, (1 << 63) + 5], np.uint64))


@pytest.mark.parametrize("width", range(1, 9))
def test_packed_numbers_are_found_and_coded_as_numbers(width, entropy_bytes):
    numbers = np.minimum(generator.geometric(0.3, 80_000) - 1, (1 << width) - 1).astype(np.uint8)
    data = pack_bits(numbers, width)
    assert (unpack_bits(data, width) == numbers).all()
    assert size_of(data, packed=True) < 1.02 * entropy_bytes(numbers) + 120


def test_numbers_that_look_packed_are_bytes_where_bytes_are_smaller():
    data = generator.choice([0, 0, 0, 17, 130], 30_000).astype(np.uint8)
    assert size_of(data, packed=True) < 30_000 * 1.4 / 8 + 100


def csr(rows, row, kept, kinds=("<f2", "u1", "<u2"), before=0):
    dense = generator.random((rows, row)) < kept
    lines, indices = np.nonzero(dense)
    ends = np.cumsum(np.bincount(lines, minlength=rows)) + before
    values = generator.normal(size=16).astype(np.float32)[generator.integers(0, 16, len(indices))].astype(kinds[0])
    parts = ends.astype(kinds[2]), indices.astype(kinds[1]), values.view(f"<u{values.itemsize}")
    sizes = [part.nbytes for part in parts]
    # In the order of values, ends, indices, with a byte between them.
    at = (sizes[2] + 1, sizes[2] + sizes[0] + 2, 0)
    file = bytearray(sum(sizes) + 2)
    for place, part in zip(at, parts, strict=True):
        file[place : place + part.nbytes] = part.tobytes()
    return CsrSection(*parts, row, before, at), bytes(file)


@pytest.mark.parametrize(
    ("rows", "row", "kept", "kinds"),
    [
        (400, 200, 0.1, ("<f2", "u1", "<u2")),
        (3, 4, 0.5, ("<f4", "u1", "u1")),
        (5, 300_000, 0.001, ("<f4", "<u4", "<u4")),
        (70_000, 9, 0.05, ("u1", "u1", "<u2")),
    ],
)
def test_the_rows_of_a_sparse_tensor(rows, row, kept, kinds, entropy_bytes):
    tensor, file = csr(rows, row, kept, kinds)
    back, size = written(plan_csr(tensor, []), size=len(file))
    assert back == file
    positions = rows * row * -(kept * np.log2(kept) + (1 - kept) * np.log2(1 - kept)) / 8
    assert size < 1.02 * (positions + entropy_bytes(tensor.values)) + 350


def test_rows_from_the_middle_of_a_tensor():
    tensor, file = csr(50, 60, 0.2, before=1000)
    assert written(plan_csr(tensor, [Channels(60, 50, 77)]), size=len(file))[0] == file
