import torch
from torch import nn

from edgecompress.compress.importance import importance
from edgecompress.compress.train import CrossEntropy


def test_importance_is_the_sum_of_squared_gradients_and_nothing_is_left_behind():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 3))
    unused = nn.Parameter(torch.ones(2, 2))
    batches = [(torch.randn(5, 4), torch.randint(0, 3, (5,))) for _ in range(3)]
    found = importance(module, {"0": module[0].weight, "unused": unused}, batches, CrossEntropy(0.1))
    expected = torch.zeros(3, 4)
    for x, y in batches:
        # The gradient of softmax regression by hand: (p - t) x^T, the mean over the batch.
        target = torch.full((5, 3), 0.1 / 3)
        target[torch.arange(5), y] += 0.9
        with torch.no_grad():
            error = torch.softmax(module(x), 1) - target
        expected += (error.T @ x / 5) ** 2
    # Where the processor computes in bfloat16, which has eight bits, so does training.
    assert torch.allclose(found["0"], expected, rtol=5 * 2**-8)
    assert not found["unused"].any()
    assert module[0].weight.grad is None
