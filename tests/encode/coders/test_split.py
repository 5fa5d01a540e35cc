import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecompress.encode.coders import split

SMALLEST, LARGEST = 1 << 24, (0xFF << 23) - 1
MAGNITUDES = st.one_of(st.just(0), st.sampled_from([SMALLEST, LARGEST]), st.integers(SMALLEST, LARGEST))
PATTERNS = st.lists(st.tuples(st.booleans(), MAGNITUDES).map(lambda both: both[0] << 31 | both[1]), max_size=50)


@settings(max_examples=300)
@given(PATTERNS)
def test_every_bit_comes_back(patterns):
    patterns = np.array(patterns, np.uint32)
    assert split.fits(patterns)
    found = split.fractions(patterns)
    assert found.size == split.size(len(patterns)) == 3 * len(patterns)
    back = split.join(split.scales(patterns).view(np.float32), found)
    assert back.view(np.uint32).tolist() == patterns.tolist()


@pytest.mark.parametrize("exponent", range(2, 255))
def test_every_exponent_with_all_ends_of_its_fraction(exponent):
    fractions = np.array([0, 1, 2**22, 2**23 - 1], np.uint32)
    patterns = np.concatenate([sign << 31 | exponent << 23 | fractions for sign in (np.uint32(0), np.uint32(1))])
    scale = split.scales(patterns).view(np.float32)
    assert np.array_equal(np.abs(scale), np.full(8, 2.0 ** (exponent // 2 * 2 - 127), np.float32))
    assert split.join(scale, split.fractions(patterns)).view(np.uint32).tolist() == patterns.tolist()


@pytest.mark.parametrize("magnitude", [1, 0x7FFFFF, 0x800000, SMALLEST - 1, LARGEST + 1, 0x7FC00000, 0x7F800001])
@pytest.mark.parametrize("sign", [0, 1 << 31])
def test_what_does_not_fit(sign, magnitude):
    assert not split.fits(np.array([0, SMALLEST, sign | magnitude], np.uint32))


def test_biases_have_few_scales():
    values = np.random.default_rng(0).normal(0, 0.3, 5000).astype(np.float32)
    assert len(np.unique(split.scales(values.view(np.uint32)))) <= 16
