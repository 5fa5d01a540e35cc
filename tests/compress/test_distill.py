import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from edgecompress.compress.distill import Distilled, teacher
from edgecompress.compress.train import CrossEntropy
from edgecompress.recipe import Distillation


class Fixed(nn.Module):
    """A teacher that puts out what the test says."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_loss_is_the_formula_written_out(temperature, weight):
    torch.manual_seed(0)
    student, taught, y = torch.randn(6, 5) * 3, torch.randn(6, 5) * 3, torch.randint(0, 5, (6,))
    loss = Distilled(Fixed(taught), CrossEntropy(0.1), Distillation(temperature=temperature, weight=weight))
    p = softmax(taught.double().numpy() / temperature)
    q = softmax(student.double().numpy() / temperature)
    divergence = (p * (np.log(p) - np.log(q))).sum() / 6
    hard = float(functional.cross_entropy(student, y, label_smoothing=0.1))
    expected = (1 - weight) * hard + weight * temperature**2 * divergence
    assert float(loss(torch.zeros(6, 1), student, y)) == pytest.approx(expected, rel=1e-4)


def test_its_gradient_is_that_of_the_paper_s_cross_entropy_with_soft_targets():
    torch.manual_seed(0)
    student, taught = torch.randn(6, 5, requires_grad=True), torch.randn(6, 5)
    loss = Distilled(Fixed(taught), CrossEntropy(), Distillation(temperature=3.0, weight=1.0))
    (ours,) = torch.autograd.grad(loss(torch.zeros(6, 1), student, torch.zeros(6, dtype=torch.int64)), student)
    # Equation 2: dC/dz = (q - p) / T, here times T**2 and averaged over the batch.
    q, p = functional.softmax(student / 3, 1), functional.softmax(taught / 3, 1)
    assert torch.allclose(ours, (3 * (q - p) / 6).detach(), atol=1e-6)


def test_the_teacher_sees_what_the_student_sees():
    module = nn.Linear(4, 3)
    settings = Distillation(weight=1.0)
    x = torch.randn(8, 4)
    loss = Distilled(teacher(module, module.state_dict()), CrossEntropy(), settings)
    with torch.no_grad():
        logits = loss.teacher(x)
    assert float(loss(x, logits, torch.zeros(8, dtype=torch.int64))) == pytest.approx(0.0, abs=1e-5)
    assert float(loss(x.flip(0), logits, torch.zeros(8, dtype=torch.int64))) > 0.01


def test_the_teacher_is_a_network_of_its_own_and_does_not_learn(network):
    student = network().train()
    state = {name: torch.ones_like(tensor) for name, tensor in student.state_dict().items()}
    taught = teacher(student, state)
    assert not taught.training
    assert student.training
    assert all(bool((p == 1).all()) and not p.requires_grad for p in taught.parameters())
    assert not any(bool((p == 1).all()) for p in student.parameters() if p.ndim > 1)
    loss = Distilled(taught, CrossEntropy(), Distillation())
    x, y = torch.randn(4, 1, 8, 8), torch.zeros(4, dtype=torch.int64)
    loss(x, student(x), y).backward()
    assert all(p.grad is None for p in taught.parameters())
    assert torch.equal(taught[1].running_mean, state["1.running_mean"])
