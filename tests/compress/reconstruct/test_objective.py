import pytest
import torch

from edgecompress.compress.reconstruct.moments import Moments
from edgecompress.compress.reconstruct.objective import objectives


def test_it_is_the_mean_squared_error_of_the_outputs(problem):
    objective, x, y, w = problem(damping=0.1)
    other = w + torch.randn(w.shape, generator=torch.Generator().manual_seed(3), dtype=w.dtype)
    error = (y - x @ other.mT).square().mean(0)
    assert objective.error(other) == pytest.approx(float(error.sum()))
    penalty = objective.damping * (other - w).square().sum(1)
    assert torch.allclose(objective.damped(other), error + penalty)
    assert objective.damping == pytest.approx(0.1 * float(x.square().mean()))


def test_where_no_input_is_ever_anything_the_weights_stay():
    zeros = Moments(torch.zeros(1, 2, 2), torch.zeros(1, 1, 2), torch.zeros(1, 2), torch.zeros(1, 1), torch.zeros(1, 1))
    (objective,) = objectives(zeros, torch.tensor([[[1.0, 2.0]]]), 0.01)
    assert torch.linalg.solve(objective.hessian, objective.linear[0]).tolist() == [1, 2]
    assert objective.error(torch.tensor([[5.0, 5.0]])) == 0


@pytest.mark.parametrize("mean", [1e5, 1e7])
def test_inputs_that_hardly_move_about_a_large_mean_leave_a_system_that_can_be_solved(mean):
    x = mean + 1e-4 * torch.randn(64, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    second, cross = (x.mT @ x / len(x))[None], torch.zeros(1, 1, 12, dtype=torch.float64)
    nothing = torch.zeros(1, 1, dtype=torch.float64)
    found = Moments(second, cross, x.mean(0)[None], nothing, nothing).centred()
    assert float(torch.linalg.eigvalsh(found.inputs[0]).min()) < 0
    start = torch.ones(1, 1, 12, dtype=torch.float64)
    (objective,) = objectives(found, start, 0.01)
    factor = torch.linalg.cholesky(objective.hessian)
    solved = torch.cholesky_solve(objective.linear.mT, factor)
    assert torch.isfinite(solved).all()
    assert torch.allclose(solved, start[0].mT, atol=1)
