import numpy as np
import pytest

from edgecompress.agent.ecz.values import scaled_entries
from edgecompress.formats.ecz.scaled import fit


def folded(kind, seed=0, channels=40, kept=0.8):
    """A codebook multiplied by a factor for each channel, of which each channel has some; patterns and owners."""
    generator = np.random.default_rng(seed)
    base = generator.normal(size=24).astype(np.float16).astype(np.float64)
    products = np.multiply.outer(generator.uniform(-3, 3, channels), base).astype(kind)
    used = generator.random(products.shape) < kept
    channel, _ = np.nonzero(used)
    patterns = products[used].view(f"u{products.itemsize}")
    order = np.lexsort((patterns, channel))
    return patterns[order], channel[order], channels


@pytest.mark.parametrize(("kind", "width"), [(np.float16, 16), (np.float32, 32)])
@pytest.mark.parametrize("kept", [1.0, 0.8, 0.3])
def test_a_folded_codebook_is_found_and_exact(kind, width, kept):
    entries, channel, channels = folded(kind, kept=kept)
    found = fit(entries, channel, channels)
    assert found is not None
    made = scaled_entries(found.base, found.scales, found.corrections, width)
    assert (made[channel * len(found.base) + found.index] == entries).all()
    assert len(found.base) == 24
    assert np.count_nonzero(found.corrections) < 0.02 * len(entries)


def test_a_zero_among_the_entries():
    entries, channel, channels = folded(np.float32, kept=1.0)
    with_zero = np.append(entries, np.zeros(channels, np.uint32))
    owners = np.append(channel, np.arange(channels))
    order = np.lexsort((with_zero, owners))
    found = fit(with_zero[order], owners[order], channels)
    assert found is not None
    made = scaled_entries(found.base, found.scales, found.corrections, 32)
    assert (made[owners[order] * len(found.base) + found.index] == with_zero[order]).all()


def test_channels_without_anything_in_common_have_none():
    generator = np.random.default_rng(1)
    entries = np.sort(generator.normal(size=(30, 20)).astype(np.float32).view(np.uint32), axis=1).reshape(-1)
    assert fit(entries, np.repeat(np.arange(30), 20), 30) is None


def test_infinities_and_large_tables_have_none():
    special = np.array([np.inf, np.nan, 1], np.float32).view(np.uint32)
    assert fit(np.sort(special), np.zeros(3, np.int64), 1) is None
    assert fit(np.arange(1, 601, dtype=np.uint32), np.zeros(600, np.int64), 1 << 10) is None
