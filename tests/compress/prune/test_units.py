import itertools

import numpy as np
import pytest

from edgecompress.compress.prune import units
from edgecompress.compress.prune.patterns import UNSTRUCTURED, Blocks, NOfM


def scores(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random(shape, dtype=np.float32)


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 5), (8, 6, 3, 2)])
@pytest.mark.parametrize("pattern", [Blocks(4, 1), Blocks(1, 3), Blocks(2, 2), Blocks(8, 6)])
def test_a_block_is_scored_by_its_sum_and_masked_as_a_whole(shape, pattern):
    given = scores(*shape)
    sums = units.of_blocks(given, pattern)
    order = itertools.product(
        range(0, shape[0], pattern.out), range(0, shape[1], pattern.inputs), *map(range, shape[2:])
    )
    for number, (out, inputs, *kernel) in enumerate(order):
        place = (slice(out, out + pattern.out), slice(inputs, inputs + pattern.inputs), *kernel)
        assert sums[number] == pytest.approx(given[place].sum(), rel=1e-5)
        keep = np.ones(sums.size, dtype=np.bool_)
        keep[number] = False
        mask = units.whole_blocks(keep, shape, pattern)
        assert not mask[place].any()
        assert mask.sum() == mask.size - pattern.out * pattern.inputs
    assert number == sums.size - 1


def test_a_block_is_pruned_when_all_of_it_is():
    given = np.array([[-np.inf, -np.inf, -np.inf, 2.0]], dtype=np.float32)
    assert units.of_blocks(given, Blocks(1, 2)).tolist() == [-np.inf, 2.0]


def test_single_weights_are_their_own_blocks():
    given = scores(3, 4, 2)
    assert np.array_equal(units.of_blocks(given, UNSTRUCTURED), given.ravel())
    keep = given.ravel() > 0.5
    assert np.array_equal(units.whole_blocks(keep, given.shape, UNSTRUCTURED), given > 0.5)


@pytest.mark.parametrize("shape", [(3, 8), (3, 8, 5), (3, 8, 3, 2)])
@pytest.mark.parametrize("pattern", [NOfM(2, 4), NOfM(1, 8), NOfM(4, 4), NOfM(1, 2)])
def test_the_best_n_of_every_m_along_the_input_channels_stay(shape, pattern):
    given = scores(*shape)
    mask = units.best_of_groups(given, pattern, pattern.sparsity)
    for out, *kernel in itertools.product(range(shape[0]), *map(range, shape[2:])):
        for start in range(0, shape[1], pattern.group):
            place = (out, slice(start, start + pattern.group), *kernel)
            best = np.argsort(given[place])[-pattern.kept :]
            assert set(np.flatnonzero(mask[place])) == set(best)


def test_on_the_way_groups_lose_one_after_the_other_and_of_equals_the_first():
    given = np.full((1, 4), np.float32(1))
    masks = [units.best_of_groups(given, NOfM(2, 4), sparsity).tolist()[0] for sparsity in (0.0, 0.25, 0.5, 0.9)]
    assert masks == [[True] * 4, [False, True, True, True], *[[False, False, True, True]] * 2]
