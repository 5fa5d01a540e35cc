from itertools import pairwise

import torch

from edgecompress.compress.reconstruct.conjugate import conjugate_gradients


def test_each_output_is_solved_within_what_it_keeps(problem):
    objective, _, _, w = problem(outputs=5, features=12, damping=0.01)
    keep = torch.rand(w.shape, generator=torch.Generator().manual_seed(2)) < 0.6
    keep[0] = False
    found = conjugate_gradients(objective.hessian, objective.linear, keep, w * keep, steps=100, tolerance=1e-12)
    assert not found[~keep].any()
    for row, kept in enumerate(keep):
        expected = torch.linalg.solve(objective.hessian[kept][:, kept], objective.linear[row, kept])
        assert torch.allclose(found[row, kept], expected, atol=1e-8)


def test_stopped_at_any_step_it_is_no_worse_than_before(problem):
    objective, _, _, w = problem(outputs=4, features=20, damping=1e-3)
    keep = w.abs() > 0.3
    errors = [
        objective.damped(
            conjugate_gradients(objective.hessian, objective.linear, keep, w * keep, steps=steps, tolerance=0.0)
        )
        for steps in range(12)
    ]
    assert all(bool((after <= before + 1e-9).all()) for before, after in pairwise(errors))
