import copy

import torch

from edgecompress.compress.reconstruct.capture import places
from edgecompress.compress.reconstruct.moments import gather
from edgecompress.compress.reconstruct.patches import patches, positions


def test_inputs_are_the_compressed_network_s_and_outputs_the_dense_one_s(normed):
    teacher, x = normed(), torch.randn(70, 2, 8, 8)
    module = copy.deepcopy(teacher)
    with torch.no_grad():
        module[0].weight.mul_(module[0].weight.abs() > 0.1)
    place = next(place for place in places(module, x[:1]) if place.name == "3")
    moments = gather(module, teacher, place, x)
    with torch.no_grad():
        seen = patches(module[3], module[:3](x)).double()
        wanted = positions(module[3], teacher[:4](x)).double()
    count = seen.shape[1]
    assert torch.allclose(moments.inputs, seen.mT @ seen / count, atol=1e-5)
    assert torch.allclose(moments.cross, wanted.mT @ seen / count, atol=1e-5)
    centred = moments.centred()
    for group in range(2):
        both = torch.cat([wanted[group], seen[group]], 1)
        covariance = torch.cov(both.mT, correction=0)
        assert torch.allclose(centred.inputs[group], covariance[4:, 4:], atol=1e-5)
        assert torch.allclose(centred.cross[group], covariance[:4, 4:], atol=1e-5)
        assert torch.allclose(centred.output_square[group], covariance.diagonal()[:4], atol=1e-5)
