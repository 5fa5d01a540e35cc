import itertools

import pytest
import torch

from edgecompress.compress.reconstruct.least_squares import solve
from edgecompress.compress.reconstruct.support import choose, obs_scores


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_what_the_error_rises_by_when_one_weight_goes(problem, seed):
    objective, _, _, w = problem(outputs=1, features=6, seed=seed)
    whole = torch.ones_like(w, dtype=torch.bool)
    best = solve(objective, whole)
    scores = obs_scores(best, objective.hessian)
    for column in range(6):
        without = whole.clone()
        without[0, column] = False
        rise = objective.damped(solve(objective, without)) - objective.damped(best)
        assert float(scores[0, column]) == pytest.approx(float(rise), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_one_weight_that_goes_is_the_best_one(problem, seed):
    objective, *_ = problem(outputs=1, features=6, seed=seed)
    keep = choose(objective, 1)
    errors = []
    for column in range(6):
        without = torch.ones_like(keep)
        without[0, column] = False
        errors.append(float(objective.damped(solve(objective, without))))
    # Columns are settled from left to right, so those before have no say: it is among the best two.
    assert float(objective.damped(solve(objective, keep))) <= sorted(errors)[1] + 1e-9


def test_it_is_close_to_the_best_of_all_masks_and_better_than_magnitude(problem):
    worse, chosen_sum, magnitude_sum, best_sum = 0, 0.0, 0.0, 0.0
    for seed in range(20):
        objective, _, _, w = problem(outputs=1, features=8, seed=seed, count=60)
        keep = choose(objective, 4)
        assert int((~keep).sum()) == 4
        errors = []
        for kept in itertools.combinations(range(8), 4):
            mask = torch.zeros_like(keep)
            mask[0, list(kept)] = True
            errors.append(float(objective.damped(solve(objective, mask))))
        magnitude = torch.zeros_like(keep)
        magnitude[0, w[0].abs().argsort(descending=True)[:4]] = True
        chosen = float(objective.damped(solve(objective, keep)))
        by_magnitude = float(objective.damped(solve(objective, magnitude)))
        worse += chosen > by_magnitude + 1e-9
        chosen_sum, magnitude_sum, best_sum = chosen_sum + chosen, magnitude_sum + by_magnitude, best_sum + min(errors)
    assert worse <= 8
    assert best_sum <= chosen_sum < magnitude_sum


@pytest.mark.parametrize("zeros", [0, 1, 77, 299, 300])
def test_the_number_is_exact_and_what_is_zero_goes_first(problem, zeros):
    objective, _, _, w = problem(outputs=3, features=100, damping=0.01)
    w[0, :50] = 0
    keep = choose(objective, zeros)
    assert int((~keep).sum()) == zeros
    assert int((~keep & (w == 0)).sum()) == min(zeros, 50)
