import numpy as np
import pytest
import torch

from edgecompress.compress.reconstruct import least_squares
from edgecompress.compress.reconstruct.least_squares import solve


@pytest.mark.parametrize("direct", [True, False])
def test_the_weights_are_those_of_numpy_s_least_squares(problem, monkeypatch, direct):
    if not direct:  # conjugate gradients for all
        monkeypatch.setattr(torch.Tensor, "pow", lambda self, _: self * 0 + 1e9)
    objective, x, y, w = problem(outputs=4, features=7)
    keep = torch.rand(w.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    keep[1], keep[2] = False, True
    found = solve(objective, keep)
    assert not found[~keep].any()
    for row, kept in enumerate(keep.numpy()):
        expected = np.linalg.lstsq(x.numpy()[:, kept], y[:, row].numpy(), rcond=None)[0]
        assert np.allclose(found[row, keep[row]].numpy(), expected, rtol=1e-3, atol=1e-3 if not direct else 1e-6)


def test_damping_is_ridge_regression_towards_the_weights_as_they_were(problem):
    objective, x, y, w = problem(damping=0.5)
    keep = torch.ones_like(w, dtype=torch.bool)
    rows = (objective.damping * len(x)) ** 0.5 * np.eye(6)
    for row in range(len(w)):
        expected = np.linalg.lstsq(
            np.vstack([x.numpy(), rows]), np.concatenate([y[:, row].numpy(), rows @ w[row].numpy()]), rcond=None
        )[0]
        assert np.allclose(solve(objective, keep)[row].numpy(), expected, atol=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_the_outputs_are_never_further_off_than_without(problem, seed):
    objective, _, _, w = problem(outputs=8, features=30, count=20, damping=0.01, seed=seed)
    for sparsity in (0.2, 0.5, 0.9):
        keep = w.abs() > w.abs().quantile(sparsity)
        assert objective.error(solve(objective, keep)) <= objective.error(w * keep)


def test_many_weights_take_the_steps_of_conjugate_gradients_and_come_as_close(problem):
    objective, _, _, w = problem(outputs=3, features=200, count=400, damping=0.01)
    keep = w.abs() > 0.05
    assert (keep.sum(1) ** 3 / 3 > least_squares.STEPS * 200**2).all()
    exact = sum(
        float(
            objective.constant[row]
            - objective.linear[row, kept]
            @ torch.linalg.solve(objective.hessian[kept][:, kept], objective.linear[row, kept])
        )
        for row, kept in enumerate(keep)
    )
    plain, found = (float(objective.damped(each).sum()) for each in (w * keep, solve(objective, keep)))
    assert exact <= found <= exact + 0.05 * (plain - exact)
