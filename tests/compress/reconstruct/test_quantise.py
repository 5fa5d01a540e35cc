import pytest
import torch

from edgecompress.compress.reconstruct.least_squares import solve
from edgecompress.compress.reconstruct.quantise import PaletteSettings, plain, quantise, total
from edgecompress.errors import CheckError

PALETTE = PaletteSettings("kmeans", 4, seed=1, dtype="float16", refit=True)


def prepared(problem, **changes):
    objective, _, _, w = problem(outputs=6, features=40, count=100, damping=0.01, **changes)
    w[w.abs() < 0.5] = 0
    return objective, w


@pytest.mark.parametrize("seed", range(4))
def test_zeros_stay_values_are_few_and_the_outputs_closer_than_without(problem, seed):
    objective, w = prepared(problem, seed=seed)
    (found,) = quantise("a", [objective], PALETTE)
    assert torch.equal(found == 0, w == 0)
    assert len(torch.unique(found)) <= 5
    assert torch.equal(found, found.half().double())
    least = total([objective], [solve(objective, w != 0)])  # with as many values as there are weights
    lost, plain_lost = (total([objective], each) - least for each in ([found], plain([objective], PALETTE)))
    assert 0 < lost < 0.75 * plain_lost


def test_fitting_the_centroids_gains(problem):
    objective, _ = prepared(problem)
    fixed = PaletteSettings("kmeans", 4, seed=1, dtype="float16", refit=False)
    assert total([objective], quantise("a", [objective], PALETTE)) < total(
        [objective], quantise("a", [objective], fixed)
    )


def test_levels_stay_what_the_method_made_them_unless_they_are_fitted(problem):
    objective, _ = prepared(problem)
    (found,) = quantise("a", [objective], PaletteSettings("power-of-two", 8, seed=1, dtype="float16", refit=False))
    sizes = found[found != 0].abs().log2()
    assert torch.equal(sizes, sizes.round())


def test_parts_share_one_palette(problem):
    objective, _ = prepared(problem)
    other, _ = prepared(problem, seed=7)
    both = quantise("a", [objective, other], PALETTE)
    assert len(torch.unique(torch.cat(both))) <= 5


def test_a_layer_of_zeros_is_itself(problem):
    objective, w = prepared(problem)
    w.zero_()
    assert not quantise("a", [objective], PALETTE)[0].any()
    assert not plain([objective], PALETTE)[0].any()


def test_beyond_float16_is_said_with_the_layer(problem):
    objective, _ = prepared(problem)
    objective.linear.mul_(1e6)
    with pytest.raises(CheckError, match="layer 'conv' has weights beyond float16"):
        quantise("conv", [objective], PALETTE)
