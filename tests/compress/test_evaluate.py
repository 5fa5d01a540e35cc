import torch
from torch import nn

from edgecompress.compress.evaluate import accuracy, outputs, refresh_batchnorm


def test_accuracy_is_in_percent_and_over_every_sample():
    module = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.eye(2))
    x = torch.tensor([[1.0, 0.0]]).repeat(1203, 1)  # more than one batch, the last one not full
    y = torch.zeros(1203, dtype=torch.int64)
    y[:401] = 1
    assert abs(accuracy(module, x, y) - 100 * 802 / 1203) < 1e-4
    assert torch.equal(outputs(module, x), x)


def test_refreshed_statistics_are_the_batches_mean_and_variance():
    module = nn.Sequential(nn.BatchNorm1d(3))
    module[0].running_mean += 100
    batches = [torch.randn(50, 3) * 2 + 5 for _ in range(4)]
    refresh_batchnorm(module, batches)
    everything = torch.stack(batches)
    assert torch.allclose(module[0].running_mean, everything.mean((0, 1)), atol=1e-4)
    assert torch.allclose(module[0].running_var, everything.var(1).mean(0), rtol=1e-3)
    assert module[0].momentum == 0.1
    assert not module.training


def test_a_network_without_batchnorm_is_left_alone():
    module = nn.Linear(2, 2)
    before = module.weight.clone()
    refresh_batchnorm(module, [torch.ones(4, 2)])
    assert torch.equal(module.weight, before)
