import numpy as np
import pytest

from edgecompress.agent.ecz import values as form
from edgecompress.agent.ecz.head import Head
from edgecompress.formats.ecz.block import Block
from edgecompress.formats.ecz.values import Channels, choose

generator = np.random.default_rng(4)


def planned(values, channels=(), positions=None):
    """The kind of coding chosen for some values, and its bytes."""
    width = 8 * values.itemsize
    plan = choose(values, width, list(channels), lambda: np.arange(len(values)) if positions is None else positions)
    block = Block()
    plan.describe(block)
    plan.write(block, 0, len(values))
    payload = block.payload()
    assert plan.bytes == pytest.approx(len(payload), rel=0.05, abs=120)
    described = Block()
    plan.describe(described)
    return Head(bytes(described._head)).number(9), len(payload)


def test_few_values_are_a_codebook(entropy_bytes):
    values = generator.normal(size=50).astype(np.float32).view(np.uint32)[generator.binomial(49, 0.5, 40_000)]
    kind, size = planned(values)
    assert kind == form.CODEBOOK
    assert size < 1.01 * entropy_bytes(values) + 4 * 50 + 150


def test_values_of_a_large_codebook_are_listed_in_few_bytes(entropy_bytes):
    values = generator.choice(1 << 16, 3000, replace=False).astype(np.uint16)[generator.integers(0, 3000, 60_000)]
    kind, size = planned(values)
    assert kind == form.CODEBOOK
    # Plainly stored, the entries alone would take 6000 bytes.
    assert size < 1.01 * entropy_bytes(values) + 5000


def test_noise_is_cut_into_exponent_and_mantissa():
    values = generator.normal(size=40_000).astype(np.float32).view(np.uint32)
    kind, size = planned(values)
    assert kind == form.FIELDS
    assert size < 0.86 * values.nbytes


@pytest.mark.parametrize(("channels", "positions"), [(Channels(300, 80), None), (Channels(1, 80), None)])
def test_channels_with_codebooks_of_their_own(channels, positions):
    books = generator.normal(size=(80, 8)).astype(np.float32)
    values = books[channels.of(np.arange(24_000)), generator.integers(0, 8, 24_000)].view(np.uint32)
    kind, size = planned(values, [Channels(7, 9), channels])
    assert kind == form.CHANNEL_CODEBOOKS
    assert size < 24_000 * 3 / 8 + books.nbytes + 200


def test_a_folded_codebook_needs_no_codebook_for_each_channel():
    book = generator.normal(size=30).astype(np.float16)
    factors = generator.uniform(0.5, 2, 100).astype(np.float32)
    products = np.multiply.outer(factors, book.astype(np.float32)).astype(np.float16)
    values = products[np.repeat(np.arange(100), 400), generator.integers(0, 30, 40_000)].view(np.uint16)
    kind, size = planned(values, [Channels(400, 100)])
    assert kind == form.SCALED_CODEBOOK
    assert size < 40_000 * np.log2(30) / 8 + 4 * 130 + 400


def test_the_channel_is_that_of_the_position():
    assert Channels(3, 4, first=5).of(np.array([0, 1, 4, 7])).tolist() == [1, 2, 3, 0]
