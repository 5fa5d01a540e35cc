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
def test_of_one_output_goes_the_weight_that_those_after_it_make_good_best(problem, seed):
    objective, *_ = problem(outputs=1, features=6, seed=seed)
    best = solve(objective, torch.ones_like(objective.start, dtype=torch.bool))[0]
    errors = []
    for column in range(6):
        weight, after = best.clone(), slice(column + 1, 6)
        weight[column] = 0
        rest = objective.linear[0] - objective.hessian[:, : column + 1] @ weight[: column + 1]
        weight[after] = torch.linalg.solve(objective.hessian[after, after], rest[after])
        errors.append(float(objective.damped(weight[None])))
    keep = choose(objective, 1)
    planned = int(torch.tensor(errors).argmin())
    assert (~keep[0]).nonzero().view(-1).tolist() == [planned]


def test_a_layer_loses_less_than_by_magnitude(problem):
    for seed in range(3):
        objective, _, _, w = problem(outputs=16, features=64, count=300, damping=0.01, seed=seed)
        keep = choose(objective, w.numel() // 2)
        assert int(keep.sum()) == w.numel() // 2
        chosen, magnitude = (
            float(objective.damped(solve(objective, k)).sum()) for k in (keep, w.abs() > w.abs().median())
        )
        assert chosen < magnitude


@pytest.mark.parametrize("zeros", [0, 1, 77, 299, 300])
def test_the_number_is_exact_and_what_is_zero_goes_first(problem, zeros):
    objective, _, _, w = problem(outputs=3, features=100, damping=0.01)
    w[0, :50] = 0
    keep = choose(objective, zeros)
    assert int((~keep).sum()) == zeros
    assert int((~keep & (w == 0)).sum()) == min(zeros, 50)
