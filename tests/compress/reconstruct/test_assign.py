import itertools

import torch

from edgecompress.compress.reconstruct.assign import nearest, sweep

LEVELS = torch.tensor([-1.5, -0.4, 0.3, 1.2], dtype=torch.float64)


def test_nearest_is_nearest():
    values = torch.randn(50, 7, dtype=torch.float64)
    expected = (values[..., None] - LEVELS).abs().argmin(-1)
    assert torch.equal(nearest(values, LEVELS), expected)
    assert not nearest(values, LEVELS[:1]).any()


def test_a_sweep_is_the_best_level_column_by_column(problem):
    objective, _, _, w = problem(outputs=4, features=70, count=100, damping=0.01)
    keep = w.abs() > 0.4
    found = sweep(objective, w * keep, keep, LEVELS)
    expected = w * keep
    for column in range(70):
        tried = []
        for level in LEVELS:
            other = expected.clone()
            other[:, column] = torch.where(keep[:, column], level, 0.0)
            tried.append(objective.damped(other))
        expected[:, column] = torch.where(keep[:, column], LEVELS[torch.stack(tried).argmin(0)], 0.0)
    assert torch.equal(found, expected)


def test_no_sweep_makes_it_worse_and_none_changes_the_best(problem):
    objective, _, _, w = problem(outputs=1, features=5)
    keep = torch.tensor([[True, True, False, True, True]])
    every = torch.zeros(4**4, 5, dtype=torch.float64)
    every[:, keep[0]] = torch.tensor(list(itertools.product(LEVELS.tolist(), repeat=4)), dtype=torch.float64)
    errors = torch.stack([objective.damped(each[None])[0] for each in every])
    best = every[errors.argmin()][None]
    assert torch.equal(sweep(objective, best, keep, LEVELS), best)
    weight = torch.where(keep, LEVELS[nearest(w, LEVELS)], 0.0)
    for _ in range(4):
        after = sweep(objective, weight, keep, LEVELS)
        assert float(objective.damped(after)) <= float(objective.damped(weight)) + 1e-12
        weight = after
