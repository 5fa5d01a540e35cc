import copy

import torch

from edgecompress.compress.reconstruct.batchnorm import correct, statistics
from edgecompress.compress.reconstruct.capture import places


def test_nothing_moves_where_nothing_was_compressed(normed):
    module, x = normed(), torch.randn(50, 2, 8, 8)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    correct(module, copy.deepcopy(module), places(module, x[:1])[1], x)
    assert all(torch.allclose(before[name], tensor) for name, tensor in module.state_dict().items())


def test_scaled_and_shifted_inputs_scale_and_shift_the_statistics(normed):
    teacher, x = normed(), 2 * torch.randn(50, 2, 8, 8) + 1  # not what the statistics are of
    module = copy.deepcopy(teacher)
    with torch.no_grad():
        module[0].weight.mul_(0.5)
    place = places(module, x[:1])[1]
    correct(module, teacher, place, x)
    assert torch.allclose(module[1].running_var, teacher[1].running_var / 4, rtol=1e-3)
    moved = statistics(module, place, x)[0] - statistics(teacher, place, x)[0]
    assert torch.allclose(module[1].running_mean - teacher[1].running_mean, moved.float(), atol=1e-5)


def test_the_statistics_are_those_of_torch(normed):
    module, x = normed(), torch.randn(70, 2, 8, 8)
    mean, variance = statistics(module, places(module, x[:1])[1], x)
    expected = module[0](x).detach().double().transpose(0, 1).flatten(1)
    assert torch.allclose(mean, expected.mean(1))
    assert torch.allclose(variance, expected.var(1, correction=0))
