import pytest
import torch
from torch import nn

from edgecompress.compress.reconstruct.synthetic import distance, norms, synthesise
from edgecompress.errors import InputError
from edgecompress.progress import silent


def test_inputs_come_to_have_the_statistics_that_the_network_has_seen(normed):
    module = normed()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    made = synthesise(module, (2, 8, 8), samples=40, steps=60, seed=1, progress=silent)
    noise = torch.randn(40, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    assert made.shape == (40, 2, 8, 8)
    assert float(distance(module, made)) < 0.5 * float(distance(module, noise))
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_the_seed_decides(normed):
    make = lambda seed: synthesise(normed(), (2, 8, 8), samples=130, steps=2, seed=seed, progress=silent)  # noqa: E731
    assert torch.equal(make(1), make(1))
    assert not torch.equal(make(1), make(2))


def test_the_distance_is_zero_for_statistics_of_the_inputs_themselves():
    norm, x = nn.BatchNorm1d(3), torch.randn(500, 3)
    x = (x - x.mean(0)) / x.std(0, correction=0)
    norm.running_mean, norm.running_var = torch.zeros(3), torch.ones(3) - norm.eps
    assert float(distance(nn.Sequential(norm).eval(), x)) == pytest.approx(0, abs=1e-6)


def test_without_batchnorm_it_is_said_what_to_do():
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, track_running_stats=False))
    assert norms(module) == []
    with pytest.raises(InputError, match=r'statistics of BatchNorm.*set it to "training"'):
        synthesise(module, (3,), samples=4, steps=1, seed=1, progress=silent)
