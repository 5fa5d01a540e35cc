import numpy as np
import pytest

from edgecompress.agent.ecz import integers as form
from edgecompress.formats.ecz.block import Block
from edgecompress.formats.ecz.integers import choose, tokenized

generator = np.random.default_rng(2)


def written(numbers):
    block, coding = Block(), choose(numbers)
    coding.describe(block)
    coding.write(block, numbers)
    return len(block.payload()), coding


@pytest.mark.parametrize(
    "numbers",
    [
        generator.geometric(0.1, 50_000) - 1,
        generator.geometric(0.001, 50_000) - 1,
        (generator.pareto(1.0, 50_000) * 100).astype(np.int64).clip(0, 1 << 31),
        generator.binomial(4000, 0.5, 50_000),
    ],
    ids=["short gaps", "long gaps", "heavy tail", "bell"],
)
def test_near_the_entropy_or_below(numbers, entropy_bytes):
    size, coding = written(numbers)
    assert size < 1.03 * entropy_bytes(numbers) + 200
    assert coding.bytes == pytest.approx(size, rel=0.02, abs=150)


def test_what_is_constant_or_noise_is_not_coded():
    assert written(np.full(9000, 77))[1].mode == form.CONSTANT
    assert written(np.zeros(0, np.int64))[1].mode == form.CONSTANT
    for bits in (1, 2, 4, 8, 16, 32):
        size, coding = written(generator.integers(0, 1 << bits, 20_000))
        assert (coding.mode, coding.value) == (form.PLAIN, bits)
        assert size < 20_000 * bits / 8 + 60
    assert written(np.array([1 << 40, 5], np.uint64))[1].value == 64


def test_tokens_by_hand():
    # k = 4, m = 2: 53 is 110101, its highest bit is bit 5; 10 below it, then 101.
    tokens, extra, widths = tokenized(np.array([15, 53, 16]), 4, 2)
    assert tokens.tolist() == [15, 16 + 4 + 0b10, 16]
    assert (extra.tolist(), widths.tolist()) == ([0b101, 0], [3, 2])
